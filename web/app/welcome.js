// @ts-check
// What somebody without a conversation sees: three ways to begin.
import { h, html } from '../vendor/preact.js';
import { useDeed } from './dialog.js';
import { errorText } from './errors.js';
import { Copyable } from './forms.js';
import { GroupList, joinGroup, openAddGroup } from './groups.js';
import { t, tx } from './i18n.js';
import { me, realm } from './state.js';
import { commandsFor } from './terminal.js';
import { Icon } from './ui.js';

export function Welcome() {
  const { busy, error, run } = useDeed();
  return html`<div class="page"><div class="page-body welcome">
    <h1 class="welcome-title">${tx('welcome.title', { name: html`<bdi>${me.value.name}</bdi>` })}</h1>
    <p class="welcome-text">${t('welcome.text', { realm: realm.value?.realm ?? t('app.name') })}</p>
    <div role="alert">${error && html`<p class="form-error">${errorText(error)}</p>`}</div>
    <section class="card"><h2>${h(Icon, { name: 'group' })}${t('welcome.groups')}</h2>
      ${h(GroupList, { onlyNew: true, busy, onJoin: (/** @type {string} */ group) => run(() => joinGroup(group)) })}
      <div class="page-tools"><button type="button" class="button" onClick=${openAddGroup}>${h(Icon, { name: 'add' })}${t('groups.add')}</button>
        <a class="button" href="/app/people">${h(Icon, { name: 'people' })}${t('people.search')}</a></div></section>
    ${realm.value?.registration === 'open' && html`<section class="card"><h2>${h(Icon, { name: 'link' })}${t('welcome.invite')}</h2><p>${t('welcome.invite_text')}</p>
      ${h(Copyable, { text: `${location.origin}/app/register`, label: t('invitations.link') })}</section>`}
    <section class="card"><h2>${h(Icon, { name: 'terminal' })}${t('welcome.terminal')}</h2><p>${t('welcome.terminal_text')}</p>
      ${h(Copyable, { text: commandsFor(location, [`auth ${me.value.username} …`, 'list', 'inbox']), label: t('terminal.example'), lines: true })}</section>
  </div></div>`;
}
