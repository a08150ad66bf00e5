// Choices that take effect at once: how it looks, how the keys behave, what makes itself known.
import { h, html } from '../vendor/preact.js';
import { Choice, Switch } from './forms.js';
import { LANGS, chooseLang, lang, t } from './i18n.js';
import { askPermission, permission } from './notify.js';
import { openHelp } from './shortcuts.js';
import { saveSetting, setting } from './state.js';
import { THEMES, setTheme, theme } from './theme.js';
import { toastError } from './toast.js';

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
