// @ts-check
// Sign in, register, set up a fresh realm, and the page of an invitation.
import { h, html, signal, useEffect, useState } from '../vendor/preact.js';
import { useDeed } from './dialog.js';
import { errorField, errorText } from './errors.js';
import { Field, Password } from './forms.js';
import { chooseLang, lang, LANGS, t, tx } from './i18n.js';
import { api } from './net.js';
import { navigate, route } from './router.js';
import { me, putConversation, realm, signedIn } from './state.js';
import { Avatar, Icon } from './ui.js';

/** The invitation somebody followed before signing in: used once they are in. */
const INVITATION = 'kabar.invitation';
/** The page somebody came for before they had to sign in. */
const AFTER = 'kabar.after';
const invited = signal(/** @type {{code: string, group: string}|null} */ (null));

export function AuthPage(/** @type {{page: string}} */ { page }) {
  const [Body, props] = /** @type {Record<string, [any, any]>} */ ({
    register: [Account, { path: '/accounts', key: 'register' }],
    setup: [Account, { path: '/setup', key: 'setup' }],
    invitation: [Invitation, {}],
  })[page] ?? [SignIn, {}];
  return html`<main class="auth" id="main" tabindex="-1">
    <div class="auth-card">
      <div class="auth-brand">${h(Icon, { name: 'logo' })}<span>${t('app.name')}</span></div>
      ${h(Body, { key: page, ...props })}
    </div>
    ${h(Languages, {})}
  </main>`;
}

function Languages() {
  return html`<div class="auth-langs" role="group" aria-label=${t('auth.language')}>
    ${LANGS.map((l) => html`<button type="button" key=${l} lang=${l} class="button button-quiet" aria-pressed=${lang.value === l}
      onClick=${() => chooseLang(l)}>${t(`lang.${l}`)}</button>`)}
  </div>`;
}

/** What follows a successful sign-in: the invitation if there was one, the page asked for, or the start. */
async function enter(/** @type {any} */ user, joined = false) {
  const code = sessionStorage.getItem(INVITATION);
  sessionStorage.removeItem(INVITATION);
  const wanted = sessionStorage.getItem(AFTER);
  sessionStorage.removeItem(AFTER);
  signedIn(user);
  if (code && joined) await openOnly();
  else if (code) await join(code);
  else navigate(wanted ?? '/app', { replace: true });
}

/** A new account that an invitation made is in one conversation: the group's. */
async function openOnly() {
  const [group] = (await api.get('/conversations')).conversations;
  navigate(group ? `/app/c/${group.id}` : '/app', { replace: true });
}

async function join(/** @type {string} */ code) {
  const conversation = await api.post(`/invitations/${encodeURIComponent(code)}`, {});
  putConversation(conversation);
  navigate(`/app/c/${conversation.id}`, { replace: true });
}

function Problem(/** @type {any} */ { error, fields }) {
  if (!error || errorField(error, fields)) return null;
  return html`<p class="form-error">${h(Icon, { name: 'alert' })}<span>${errorText(error)}</span></p>`;
}

/** Fields by name, so that what a password manager filled in without events is read too. */
const values = (/** @type {any} */ event) => Object.fromEntries([...new FormData(event.currentTarget)].map(([k, v]) => [k, k === 'password' ? v : String(v).trim()]));

function SignIn() {
  const { busy, error, run } = useDeed();
  const fields = ['username', 'password'];
  const wrong = (/** @type {string} */ f) => (errorField(error, fields) === f ? errorText(error) : undefined);
  const submit = (/** @type {any} */ event) => {
    event.preventDefault();
    const body = values(event);
    run(async () => enter((await api.post('/sessions', { ...body, cookie: true })).user));
  };
  return html`<form class="auth-form" onSubmit=${submit}>
    <h1 class="auth-title">${realm.value ? tx('auth.signin_to', { realm: html`<bdi>${realm.value.realm}</bdi>` }) : t('auth.signin')}</h1>
    ${invited.value && html`<p class="auth-note">${t('auth.then_join', { group: invited.value.group })}</p>`}
    <div role="alert">${h(Problem, { error, fields })}</div>
    ${h(Field, { label: t('auth.username'), name: 'username', autocomplete: 'username', autocapitalize: 'none', spellcheck: false, required: true, autofocus: true, error: wrong('username') })}
    ${h(Password, { label: t('auth.password'), name: 'password', autocomplete: 'current-password', required: true, error: wrong('password') })}
    <button type="submit" class="button button-primary button-wide" disabled=${busy}>${busy ? t('auth.busy') : t('auth.signin')}</button>
    ${realm.value?.demo && h(DemoPeople, { demo: realm.value.demo, busy, run })}
    ${realm.value?.registration !== 'closed' && html`<p class="auth-other">${t('auth.new_here')} <a href="/app/register">${t('auth.register')}</a></p>`}
  </form>`;
}

/** In a demonstration everyone may be anyone. */
function DemoPeople(/** @type {any} */ { demo: { people, password }, busy, run }) {
  const as = (/** @type {string} */ username) => run(async () => enter((await api.post('/sessions', { username, password, cookie: true })).user));
  return html`<div class="auth-demo" role="group" aria-label=${t('auth.demo_people')}>
    <p class="auth-note">${t('auth.demo')}</p>
    ${people.map((/** @type {string} */ username) => html`<button type="button" key=${username} class="button" disabled=${busy} onClick=${() => as(username)}>
      ${h(Avatar, { name: username, size: 's' })}<span>${tx('auth.demo_as', { name: html`<bdi>${username}</bdi>` })}</span></button>`)}
  </div>`;
}

/** Register and set up ask the same questions. */
function Account(/** @type {any} */ { path, key }) {
  const { busy, error, run } = useDeed();
  const fields = ['username', 'password', 'name', 'country'];
  const wrong = (/** @type {string} */ f) => (errorField(error, fields) === f ? errorText(error) : undefined);
  const setup = path === '/setup';
  const submit = (/** @type {any} */ event) => {
    event.preventDefault();
    const { name, country, ...body } = values(event);
    const more = setup ? { secret: route.value.code } : { country: country || undefined, invitation: invited.value?.code };
    run(async () => enter((await api.post(path, { ...body, name: name || undefined, ...more, cookie: true })).user, Boolean(invited.value) && !setup));
  };
  const refused = !setup && (realm.value?.registration === 'closed' || (realm.value?.registration === 'invite' && !invited.value));
  if (setup && (realm.value?.setup === false || error?.code === 'gone')) {
    return html`<div class="auth-form"><h1 class="auth-title">${t('auth.setup_over')}</h1>
      <p class="auth-note" role="alert">${t('auth.setup_over_note')}</p>
      <a class="button button-wide" href="/app/signin">${t('auth.signin')}</a></div>`;
  }
  if (refused) {
    return html`<div class="auth-form"><h1 class="auth-title">${t('auth.register')}</h1>
      <p class="auth-note">${t(realm.value.registration === 'closed' ? 'auth.closed' : 'auth.invite_only')}</p>
      <a class="button button-wide" href="/app/signin">${t('auth.signin')}</a></div>`;
  }
  return html`<form class="auth-form" onSubmit=${submit}>
    <h1 class="auth-title">${t(setup ? 'auth.setup' : 'auth.register_title')}</h1>
    ${setup && html`<p class="auth-note">${t('auth.setup_note')}</p>`}
    ${invited.value && html`<p class="auth-note">${t('auth.then_join', { group: invited.value.group })}</p>`}
    <div role="alert">${h(Problem, { error, fields })}</div>
    ${h(Field, { label: t('auth.username'), name: 'username', autocomplete: 'username', autocapitalize: 'none', spellcheck: false, required: true, autofocus: true, maxlength: 32, hint: t('auth.username_hint'), error: wrong('username') })}
    ${h(Password, { label: t('auth.password'), name: 'password', autocomplete: 'new-password', required: true, error: wrong('password') })}
    ${h(Field, { label: t('auth.name'), name: 'name', autocomplete: 'name', optional: true, maxlength: 64, error: wrong('name') })}
    ${!setup && h(Field, { label: t('auth.country'), name: 'country', autocomplete: 'country-name', optional: true, maxlength: 64, error: wrong('country') })}
    <button type="submit" class="button button-primary button-wide" disabled=${busy}>${busy ? t('auth.busy') : t(setup ? 'auth.setup_do' : 'auth.register')}</button>
    ${!setup && html`<p class="auth-other">${t('auth.have_account')} <a href="/app/signin">${t('auth.signin')}</a></p>`}
  </form>`;
}

/** An invitation: who is signed in joins with a press, everyone else signs in or registers first. */
function Invitation() {
  const code = route.value.code ?? '';
  const { busy, error, run } = useDeed();
  const [group, setGroup] = useState(/** @type {string|null} */ (null));
  useEffect(() => {
    run(async () => {
      const found = await api.get(`/invitations/${encodeURIComponent(code)}`);
      setGroup(found.group);
      invited.value = { code, group: found.group };
      if (!me.value) sessionStorage.setItem(INVITATION, code);
    });
  }, [code]);
  const already = error?.code === 'already_member';
  return html`<div class="auth-form">
    <h1 class="auth-title">${group ? tx('auth.invited', { group: html`<bdi>${group}</bdi>` }) : t('auth.invitation')}</h1>
    <div role="alert">${h(Problem, { error: error?.code === 'gone' ? { code: 'invitation_gone', message: t('auth.invitation_gone') } : error, fields: [] })}</div>
    ${busy && !group && html`<div class="skeleton auth-skeleton"></div>`}
    ${group && (me.value
    ? html`<button type="button" class="button button-primary button-wide" disabled=${busy || already} onClick=${() => run(() => join(code))}>${t('auth.join')}</button>
        <a class="button button-wide" href="/app">${t('auth.not_now')}</a>`
    : html`<a class="button button-primary button-wide" href="/app/register">${t('auth.register')}</a>
        <a class="button button-wide" href="/app/signin">${t('auth.signin')}</a>`)}
    ${!group && error && html`<a class="button button-wide" href="/app">${t('auth.to_start')}</a>`}
  </div>`;
}
