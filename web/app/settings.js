// @ts-check
// Settings: the sections, and which one is open.
import { h, html, signal, useEffect, useRef, useState } from '../vendor/preact.js';
import { useDeed } from './dialog.js';
import { errorField, errorText } from './errors.js';
import { Choice, Field, Password, Switch } from './forms.js';
import { chooseLang, lang, LANGS, t } from './i18n.js';
import { api } from './net.js';
import { askPermission, permission } from './notify.js';
import { PageHead } from './page.js';
import { Programs, Sessions, Terminal } from './programs.js';
import { openHelp } from './shortcuts.js';
import { me, saveSetting, setMe, setting, signOut } from './state.js';
import { Avatar, Icon, toast, toastError } from './ui.js';

const SECTIONS = /** @type {[string, string, any][]} */ ([['account', 'person', Account], ['appearance', 'sun', Appearance], ['writing', 'keyboard', Writing],
  ['notifications', 'bell', Notifications], ['sessions', 'computer', Sessions], ['programs', 'code', Programs], ['terminal', 'terminal', Terminal], ['offline', 'download', Offline]]);

export function SettingsPage(/** @type {{section?: string}} */ { section }) {
  const open = SECTIONS.find(([name]) => name === section) ?? SECTIONS[0];
  const nav = useRef(/** @type {HTMLElement|null} */ (null));
  // On a narrow screen the sections are one line that scrolls sideways.
  useEffect(() => { nav.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' }); }, [open]);
  return html`<div class="page">
    ${h(PageHead, { title: t('settings.title'), children: html`<button type="button" class="button" onClick=${() => signOut()}>${h(Icon, { name: 'leave' })}${t('settings.sign_out')}</button>` })}
    <div class="settings">
      <nav class="settings-nav" ref=${nav} aria-label=${t('settings.title')}>
        ${SECTIONS.map(([name, icon]) => html`<a key=${name} class="place" href=${`/app/settings/${name}`} aria-current=${open[0] === name ? 'page' : undefined}>${h(Icon, { name: icon })}<span>${t(`settings.${name}`)}</span></a>`)}
      </nav>
      <section class="settings-body" aria-labelledby="settings-section"><h2 id="settings-section">${t(`settings.${open[0]}`)}</h2>${h(open[2], { key: open[0] })}</section>
    </div>
  </div>`;
}

export function Account() {
  return html`${h(Profile, {})}${h(NewPassword, {})}`;
}

function Profile() {
  const { busy, error, run } = useDeed();
  const fields = ['name', 'country'];
  const wrong = (/** @type {string} */ f) => (errorField(error, fields) === f ? errorText(error) : undefined);
  const submit = (/** @type {any} */ event) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    run(async () => {
      setMe(await api.patch('/me', { name: String(form.get('name')).trim(), country: String(form.get('country')).trim() || null }));
      toast(t('settings.saved'));
    });
  };
  return html`<form class="settings-form" onSubmit=${submit}>
    <div class="settings-who">${h(Avatar, { user: me.value, size: 'l' })}<span class="row-text"><bdi class="row-name">${me.value.name}</bdi><span class="row-more">@<bdi>${me.value.username}</bdi>${me.value.role === 'administrator' && html` · ${t('settings.administrator')}`}</span></span></div>
    ${h(Field, { label: t('auth.name'), name: 'name', autocomplete: 'name', maxlength: 64, required: true, value: me.value.name, error: wrong('name') })}
    ${h(Field, { label: t('auth.country'), name: 'country', autocomplete: 'country-name', optional: true, maxlength: 64, value: me.value.country ?? '', error: wrong('country') })}
    <div role="alert">${error && !errorField(error, fields) && html`<p class="form-error">${errorText(error)}</p>`}</div>
    <button type="submit" class="button button-primary" disabled=${busy}>${t('settings.save')}</button>
  </form>`;
}

function NewPassword() {
  const { busy, error, run } = useDeed();
  const submit = (/** @type {any} */ event) => {
    event.preventDefault();
    const form = event.currentTarget;
    const { old, fresh } = Object.fromEntries(new FormData(form));
    run(async () => {
      await api.post('/me/password', { old, new: fresh });
      form.reset();
      toast(t('settings.password_changed'));
    });
  };
  const field = error?.code === 'wrong_password' ? 'old' : errorField(error, ['new']);
  return html`<form class="settings-form" onSubmit=${submit}>
    <h3>${t('settings.password')}</h3>
    <p class="field-hint">${t('settings.password_hint')}</p>
    <input type="text" name="username" autocomplete="username" value=${me.value.username} hidden readonly />
    ${h(Password, { label: t('settings.password_old'), name: 'old', autocomplete: 'current-password', required: true, error: field === 'old' && errorText(error) })}
    ${h(Password, { label: t('settings.password_new'), name: 'fresh', autocomplete: 'new-password', required: true, error: field === 'new' && errorText(error) })}
    <div role="alert">${error && !field && html`<p class="form-error">${errorText(error)}</p>`}</div>
    <button type="submit" class="button" disabled=${busy}>${t('settings.password_change')}</button>
  </form>`;
}

const save = (/** @type {string} */ name) => (/** @type {any} */ value) => { saveSetting(name, value).catch(toastError); };

export function Appearance() {
  return html`<div class="settings-form">
    ${h(Choice, { label: t('settings.theme'), name: 'theme', value: theme.value, onChoose: setTheme, options: THEMES.map((o) => [o, t(`theme.${o}`)]) })}
    ${h(Choice, { label: t('auth.language'), name: 'lang', value: lang.value, onChoose: chooseLang, options: LANGS.map((o) => [o, t(`lang.${o}`)]) })}
  </div>`;
}

export function Writing() {
  return html`<div class="settings-form">
    ${h(Switch, { label: t('settings.enter_newline'), hint: t('settings.enter_newline_hint'), checked: !setting('enterSends'), onChange: (/** @type {boolean} */ on) => save('enterSends')(!on) })}
    ${h(Switch, { label: t('settings.typing'), hint: t('settings.typing_hint'), checked: setting('typing'), onChange: save('typing') })}
    ${h(Switch, { label: t('settings.letters'), hint: t('settings.letters_hint'), checked: setting('letterShortcuts'), onChange: save('letterShortcuts') })}
    <button type="button" class="button" onClick=${openHelp}>${t('shortcuts.title')}</button>
  </div>`;
}

export function Notifications() {
  const state = permission.value;
  const toggle = async (/** @type {boolean} */ on) => {
    // The browser is asked only here, by this press.
    if (on && state !== 'granted' && await askPermission() !== 'granted') return;
    save('notifications')(on);
  };
  return html`<div class="settings-form">
    ${h(Switch, { label: t('settings.notify'), hint: t('settings.notify_hint'), checked: setting('notifications') && state === 'granted', disabled: state === 'denied' || state === 'missing', onChange: toggle })}
    ${state === 'denied' && html`<p class="field-hint" role="status">${t('settings.notify_denied')}</p>`}
    ${state === 'missing' && html`<p class="field-hint">${t('settings.notify_missing')}</p>`}
  </div>`;
}

export const THEMES = ['system', 'light', 'dark'];
export const theme = signal(typeof document === 'undefined' ? 'system' : document.documentElement.dataset.theme || 'system');

export function setTheme(/** @type {string} */ name) {
  theme.value = THEMES.includes(name) ? name : 'system';
  document.documentElement.dataset.theme = theme.value;
  document.cookie = `theme=${theme.value}; Path=/; SameSite=Lax; Max-Age=31536000`;
}

/** The app kept on this device, so that it starts without a connection. */
function Offline() {
  const [kept, setKept] = useState(/** @type {ServiceWorkerRegistration|null|undefined} */ (undefined));
  const worker = navigator.serviceWorker;
  useEffect(() => { worker?.getRegistration('/app').then((found) => setKept(found ?? null), () => setKept(null)); }, []);
  const remove = async () => {
    await kept?.unregister();
    for (const name of await caches.keys()) if (name.startsWith('kabar ')) await caches.delete(name);
    setKept(null);
  };
  return html`<div class="settings-form">
    <p>${t('offline.text')}</p>
    ${!worker && html`<p class="field-hint">${t('offline.impossible')}</p>`}
    ${worker && kept !== undefined && html`<p role="status"><strong>${t(kept ? 'offline.on' : 'offline.off')}</strong></p>`}
    ${kept && html`<button type="button" class="button" onClick=${remove}>${t('offline.turn_off')}</button>`}
    ${worker && kept === null && html`<a class="button button-primary" href="/app/offline?back=/app/settings/offline" target="_self">${t('offline.turn_on')}</a>`}
  </div>`;
}
