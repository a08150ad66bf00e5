// @ts-check
// For administrators of the realm: its accounts, and how it is.
import { h, html, useEffect, useState } from '../vendor/preact.js';
import { confirmDialog, Dialog, openDialog, useDeed } from './dialog.js';
import { errorField, errorText } from './errors.js';
import { Choice, Copyable, Field } from './forms.js';
import { fmt, t } from './i18n.js';
import { api } from './net.js';
import { PageHead } from './page.js';
import { RowSkeleton } from './people.js';
import { Realms } from './realms.js';
import { me } from './state.js';
import { Avatar, Icon, Menu, toast } from './ui.js';

const PAGE = 50;
const TYPING_PAUSE_MS = 150;
const TABS = ['users', 'realms', 'limits'];

export function AdminPage(/** @type {{section?: string}} */ { section }) {
  const open = TABS.find((tab) => tab === section) ?? 'users';
  if (me.value?.role !== 'administrator') {
    const refused = html`<div class="empty">${h(Icon, { name: 'shield' })}<h2>${t('admin.refused')}</h2><p>${t('admin.refused_text')}</p><a class="button" href="/app">${t('layout.home')}</a></div>`;
    // Where anybody may add a realm, anybody sees which there are.
    return html`<div class="page">${h(PageHead, { title: t(open === 'realms' ? 'admin.realms' : 'admin.title') })}
      <div class="page-body">${open === 'realms' ? h(Realms, { administrator: false, refused }) : refused}</div>
    </div>`;
  }
  return html`<div class="page">
    ${h(PageHead, { title: t('admin.title') })}
    <nav class="tabs" aria-label=${t('admin.title')}>
      ${TABS.map((one) => html`<a key=${one} class="tab" href=${`/app/admin/${one}`} aria-current=${one === open ? 'page' : undefined}>${t(`admin.${one}`)}</a>`)}
    </nav>
    <div class="page-body">${open === 'users' ? h(Users, {}) : open === 'realms' ? h(Realms, { administrator: true }) : h(Limits, {})}</div>
  </div>`;
}

/** Here the server says why: the last administrator, oneself. @param {any} error */
const reason = (error) => (error.code === 'not_allowed' && error.message && error.message !== error.code ? error.message : errorText(error));
const pathOf = (/** @type {any} */ user) => `/admin/users/${encodeURIComponent(user.username)}`;

function Users() {
  const [query, setQuery] = useState('');
  const [found, setFound] = useState(/** @type {{users: any[], more: boolean}|null} */ (null));
  const [failed, setFailed] = useState(/** @type {any} */ (null));
  const load = async (/** @type {string} */ after, /** @type {any[]} */ before, /** @type {() => boolean} */ stale) => {
    try {
      const answer = await api.get(`/admin/users?limit=${PAGE}&q=${encodeURIComponent(query.trim())}${after && `&after=${encodeURIComponent(after)}`}`);
      if (stale()) return;
      setFound({ users: [...before, ...answer.users], more: answer.more });
      setFailed(null);
    } catch (error) { if (!stale()) setFailed(error); }
  };
  useEffect(() => {
    let gone = false;
    const timer = setTimeout(() => load('', [], () => gone), query ? TYPING_PAUSE_MS : 0);
    return () => { gone = true; clearTimeout(timer); };
  }, [query]);
  const changed = (/** @type {any} */ user, /** @type {object} */ what) => setFound((now) => now && { ...now, users: now.users.map((u) => (u.username === user.username ? { ...u, ...what } : u)) });
  const add = () => openDialog(AddUser, { onDone: () => load('', [], () => false) });
  return html`<div class="page-tools">
      <label class="search-field">${h(Icon, { name: 'search' })}<input type="search" class="field-input" autocomplete="off" spellcheck=${false}
        aria-label=${t('admin.search')} placeholder=${t('admin.search')} value=${query} onInput=${(/** @type {any} */ e) => setQuery(e.currentTarget.value)} /></label>
      <button type="button" class="button button-primary" onClick=${add}>${h(Icon, { name: 'add' })}${t('admin.add')}</button>
    </div>
    ${failed && html`<p class="form-error" role="alert">${reason(failed)}</p>`}
    ${!found && !failed && h(RowSkeleton, {})}
    ${found && !found.users.length && html`<p class="rows-empty">${t('people.nobody')}</p>`}
    ${found && found.users.length > 0 && html`<ul class="rows rows-whole">${found.users.map((user) => h(User, { key: user.username, user, changed }))}</ul>`}
    ${found?.more && html`<button type="button" class="button button-wide" onClick=${() => load(found.users.at(-1).username, found.users, () => false)}>${t('people.more')}</button>`}`;
}

function User(/** @type {any} */ { user, changed }) {
  const { name, username, role, disabled, sessions } = user;
  const own = username === me.value?.username;
  const deed = (/** @type {() => Promise<any>} */ what) => what().catch((/** @type {any} */ error) => toast(reason(error), { error: true }));
  const patch = (/** @type {any} */ what) => deed(async () => { await api.patch(pathOf(user), what); changed(user, what.disabled ? { ...what, sessions: 0, active: false } : what); });
  /** What cannot be undone is asked about first. */
  const surely = async (/** @type {string} */ key, /** @type {() => Promise<any>} */ what) => {
    const sure = await confirmDialog({ title: t(`admin.${key}_title`, { name }), text: t(`admin.${key}_text`), action: t(`admin.${key}`), danger: true });
    if (sure) await deed(what);
  };
  const disable = () => surely('disable', async () => { await api.patch(pathOf(user), { disabled: true }); changed(user, { disabled: true, sessions: 0, active: false }); });
  const reset = () => surely('reset', async () => {
    const { password } = await api.post(`${pathOf(user)}/password`);
    changed(user, { sessions: 0, active: false });
    openDialog(Once, { title: t('admin.reset_done', { name }), username, password });
  });
  const end = () => surely('end', async () => { await api.del(`${pathOf(user)}/sessions`); changed(user, { sessions: 0, active: false }); });
  const items = [
    role === 'user' && { label: t('admin.make_administrator'), icon: 'shield', run: () => patch({ role: 'administrator' }) },
    role === 'administrator' && { label: t('admin.make_user'), icon: 'person', run: () => patch({ role: 'user' }) },
    !own && { label: t('admin.reset'), icon: 'key', run: reset },
    !own && sessions > 0 && { label: t('admin.end'), icon: 'computer', run: end },
    disabled && { label: t('admin.enable'), icon: 'check', run: () => patch({ disabled: false }) },
    !own && !disabled && { label: t('admin.disable'), icon: 'lock', danger: true, run: disable },
  ].filter(Boolean);
  return html`<li class=${disabled ? 'row row-off' : 'row'}>
    ${h(Avatar, { user, active: user.active })}
    <span class="row-text"><span class="row-top"><bdi class="row-name">${name}</bdi>
        ${role === 'administrator' && html`<span class="tag">${t('settings.administrator')}</span>`}${disabled && html`<span class="tag tag-warn">${t('admin.disabled')}</span>`}</span>
      <span class="row-more">@<bdi>${username}</bdi>${user.country && html` · <bdi>${user.country}</bdi>`} · ${user.active ? t('panel.active') : t('sessions.since', { time: fmt.date(user.created_at) })} · ${t('admin.sessions', { count: sessions })}</span></span>
    ${h(Menu, { label: t('members.deeds', { name }), icon: 'more', items: /** @type {any} */ (items) })}
  </li>`;
}

function AddUser(/** @type {any} */ { onDone, close }) {
  const { busy, error, run } = useDeed();
  const [role, setRole] = useState('user');
  const [made, setMade] = useState(/** @type {any} */ (null));
  const fields = ['username', 'name', 'country'];
  const field = errorField(error, fields);
  const wrong = (/** @type {string} */ f) => (field === f ? errorText(error) : undefined);
  const submit = (/** @type {any} */ event) => {
    event.preventDefault();
    const { username, name, country } = Object.fromEntries([...new FormData(event.currentTarget)].map(([k, v]) => [k, String(v).trim()]));
    run(async () => { setMade(await api.post('/admin/users', { username, name: name || null, country: country || null, role })); onDone(); });
  };
  if (made) return h(Once, { title: t('admin.added', { name: made.username }), username: made.username, password: made.password, close });
  return h(Dialog, { title: t('admin.add'), onClose: close }, html`<form class="dialog-body" onSubmit=${submit}>
    ${h(Field, { label: t('auth.username'), hint: t('auth.username_hint'), name: 'username', required: true, maxlength: 32, autocomplete: 'off', autocapitalize: 'none', spellcheck: false, 'data-autofocus': true, error: wrong('username') })}
    ${h(Field, { label: t('auth.name'), name: 'name', optional: true, maxlength: 64, autocomplete: 'off', error: wrong('name') })}
    ${h(Field, { label: t('auth.country'), name: 'country', optional: true, maxlength: 64, autocomplete: 'off', error: wrong('country') })}
    ${h(Choice, { label: t('admin.role'), name: 'role', value: role, onChoose: setRole, options: [['user', t('admin.role_user')], ['administrator', t('settings.administrator')]], hint: t(`admin.role_${role}_hint`) })}
    <div role="alert">${error && !field && html`<p class="form-error">${reason(error)}</p>`}</div>
    <div class="dialog-actions">
      <button type="button" class="button" onClick=${() => close()}>${t('dialog.cancel')}</button>
      <button type="submit" class="button button-primary" disabled=${busy}>${t('admin.add')}</button>
    </div>
  </form>`);
}

/** A password that is shown this one time. */
function Once(/** @type {any} */ { title, username, password, close }) {
  return h(Dialog, { title, onClose: close }, html`<div class="dialog-body">
    <p class="dialog-text">${t('admin.once')}</p>
    <div><p class="field-label">${t('auth.username')}</p>${h(Copyable, { text: username, label: t('auth.username') })}</div>
    <div><p class="field-label">${t('auth.password')}</p>${h(Copyable, { text: password, label: t('auth.password') })}</div>
    <div class="dialog-actions"><button type="button" class="button button-primary" data-autofocus onClick=${() => close()}>${t('invitations.done')}</button></div>
  </div>`);
}

/** The text of a key made of what the server says; what is new there is shown as it is called. */
const worded = (/** @type {string} */ key, /** @type {string} */ plain, params = {}) => { const text = t(key, params); return text === key ? plain : text; };

function valueOf(/** @type {any} */ { value, unit }) {
  if (typeof value !== 'number') return worded(`admin.word_${value}`, String(value));
  if (unit === 'bytes') return fmt.bytes(value);
  return worded(`admin.unit_${unit}`, `${fmt.number(value)} ${unit ?? ''}`.trim(), { count: value });
}

/** In the two largest units that are not nothing. @param {number} seconds */
function lasted(seconds) {
  const minutes = Math.floor(seconds / 60);
  const parts = /** @type {[string, number][]} */ ([['days', Math.floor(minutes / 1440)], ['hours', Math.floor(minutes / 60) % 24], ['minutes', minutes % 60]]).filter(([, count]) => count > 0).slice(0, 2);
  return parts.length ? parts.map(([unit, count]) => t(`admin.unit_${unit}`, { count })).join(' ') : t('admin.under_a_minute');
}

function Limits() {
  const [seen, setSeen] = useState(/** @type {any} */ (null));
  const [failed, setFailed] = useState(/** @type {any} */ (null));
  useEffect(() => { api.get('/admin/overview').then(setSeen, setFailed); }, []);
  if (failed) return html`<p class="form-error" role="alert">${reason(failed)}</p>`;
  if (!seen) return h(RowSkeleton, {});
  const facts = [['version', seen.version], ['uptime', lasted(seen.uptime_s)], ...['users', 'active', 'streams', 'messages'].map((name) => [`count_${name}`, fmt.number(seen[name])])];
  return html`<dl class="facts">${facts.map(([name, value]) => html`<div class="fact" key=${name}><dt>${t(`admin.${name}`)}</dt><dd>${value}</dd></div>`)}</dl>
    <section class="limits" aria-labelledby="limits-title"><h2 id="limits-title">${t('admin.limits_title')}</h2>
      <ul class="rows rows-lined">${seen.limits.map((/** @type {any} */ limit) => html`<li class="row" key=${limit.name}>
        <span class="row-text"><span class="row-name">${worded(`admin.limit_${limit.name}`, limit.name)}</span>
          <span class="row-more">${limit.setting ? html`<code>${limit.setting}</code>` : t('admin.fixed')}</span></span>
        <strong class="limit-value">${valueOf(limit)}</strong>
      </li>`)}</ul></section>
    <section class="limits" aria-labelledby="change-title"><h2 id="change-title">${t('admin.change_title')}</h2>
      <p>${t('admin.change_text')}</p>
      ${h(Copyable, { text: example(seen.limits), label: 'kabar.toml', lines: true })}
      <p class="field-hint">${t('admin.change_more')}</p>
      ${h(Copyable, { text: 'kabar config print', label: t('hooks.example') })}
    </section>`;
}

/** The first setting as it stands in kabar.toml. @param {any[]} limits */
function example(limits) {
  const { setting, value } = limits.find((limit) => limit.setting) ?? { setting: 'accounts.registration', value: 'open' };
  const [section, key] = setting.split('.');
  return `[${section}]\n${key} = ${JSON.stringify(value)}`;
}
