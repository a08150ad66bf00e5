// Settings: the sections and which one is open.
import { h, html, useEffect, useRef } from '../vendor/preact.js';
import { Account } from './accountsettings.js';
import { t } from './i18n.js';
import { Icon } from './icons.js';
import { PageHead } from './page.js';
import { Appearance, Notifications, Writing } from './preferences.js';
import { signOut } from './session.js';
import { Sessions, Terminal } from './sessions.js';

const SECTIONS = /** @type {[string, string, any][]} */ ([['account', 'person', Account], ['appearance', 'sun', Appearance], ['writing', 'keyboard', Writing],
  ['notifications', 'bell', Notifications], ['sessions', 'computer', Sessions], ['terminal', 'terminal', Terminal]]);

export function SettingsPage(/** @type {{section?: string}} */ { section }) {
  const open = SECTIONS.find(([name]) => name === section) ?? SECTIONS[0];
  const nav = useRef(/** @type {HTMLElement|null} */ (null));
  // On a narrow screen the sections are one line that scrolls sideways.
  useEffect(() => { nav.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' }); }, [open]);
  return html`<div class="page">
    ${h(PageHead, { title: t('settings.title'), children: html`<button type="button" class="button" onClick=${signOut}>${h(Icon, { name: 'leave' })}${t('settings.sign_out')}</button>` })}
    <div class="settings">
      <nav class="settings-nav" ref=${nav} aria-label=${t('settings.title')}>
        ${SECTIONS.map(([name, icon]) => html`<a key=${name} class="place" href=${`/app/settings/${name}`} aria-current=${open[0] === name ? 'page' : undefined}>${h(Icon, { name: icon })}<span>${t(`settings.${name}`)}</span></a>`)}
      </nav>
      <section class="settings-body" aria-labelledby="settings-section"><h2 id="settings-section">${t(`settings.${open[0]}`)}</h2>${h(open[2], { key: open[0] })}</section>
    </div>
  </div>`;
}
