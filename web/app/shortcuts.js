// @ts-check
// Every keyboard shortcut in one table: the code runs it and the help dialog shows it.
import { h, html } from '../vendor/preact.js';
import { editLast, focusComposer, pickFiles } from './composer.js';
import { jumpToLatest, jumpToUnread, scrollLog } from './conversation.js';
import { anyDialogOpen, Dialog, openDialog } from './dialog.js';
import { t } from './i18n.js';
import { keysOf, pressed, printable } from './keys.js';
import { firstToRead, neighbour } from './listing.js';
import { navigate, pathTo, route } from './router.js';
import { conversations, current, currentId, openPanel, order, panel, setting, shownIds } from './state.js';
import { openSwitcher } from './switcher.js';

const unread = (/** @type {string} */ id) => (conversations.value.get(id)?.unread ?? 0) > 0;
const go = (/** @type {string|null|undefined} */ id) => { if (id) navigate(pathTo(id)); };
const inConversation = () => route.value.page === 'conversation';
const editable = (/** @type {EventTarget|null} */ target) => target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
const isComposer = (/** @type {EventTarget|null} */ target) => target instanceof HTMLTextAreaElement && target.classList.contains('composer-field');
const empty = (/** @type {EventTarget|null} */ target) => isComposer(target) && /** @type {HTMLTextAreaElement} */ (target).value === '';
/** Not while another field has the keyboard: there these keys have their own meaning. */
const free = (/** @type {KeyboardEvent} */ e) => inConversation() && (!editable(e.target) || empty(e.target));
const freeOrComposer = (/** @type {KeyboardEvent} */ e) => inConversation() && (!editable(e.target) || isComposer(e.target));

/**
 * `run` is missing where the browser, the log or the composer does it by itself; `when` says where it holds.
 * @typedef {{id: string, keys: string[], group: 'move'|'read'|'write'|'letters', run?: (e: KeyboardEvent) => void, when?: (e: KeyboardEvent) => boolean}} Shortcut
 * @type {Shortcut[]}
 */
export const shortcuts = [
  { id: 'switcher', keys: ['Ctrl+K'], group: 'move', run: openSwitcher },
  { id: 'next', keys: ['Alt+Down'], group: 'move', run: () => go(neighbour(shownIds(), currentId.value, 1)) },
  { id: 'previous', keys: ['Alt+Up'], group: 'move', run: () => go(neighbour(shownIds(), currentId.value, -1)) },
  { id: 'next_unread', keys: ['Alt+Shift+Down'], group: 'move', run: () => go(neighbour(shownIds(), currentId.value, 1, unread)) },
  { id: 'previous_unread', keys: ['Alt+Shift+Up'], group: 'move', run: () => go(neighbour(shownIds(), currentId.value, -1, unread)) },
  { id: 'first_unread', keys: ['Alt+A'], group: 'move', run: () => go(firstToRead(order.value.map((id) => conversations.value.get(id)))) },
  { id: 'history', keys: ['Alt+Left', 'Alt+Right'], group: 'move' },
  { id: 'mentions', keys: ['Ctrl+Shift+M'], group: 'move', run: () => navigate('/app/mentions') },
  { id: 'search', keys: ['Ctrl+Shift+F'], group: 'move', run: searchHere },
  { id: 'panel', keys: ['Ctrl+.'], group: 'move', when: inConversation, run: () => openPanel(panel.value ? null : 'members') },
  { id: 'regions', keys: ['Ctrl+F6'], group: 'move', run: nextRegion },
  { id: 'help', keys: ['Ctrl+/'], group: 'move', run: () => openHelp() },
  { id: 'scroll', keys: ['PgUp', 'PgDn'], group: 'read', when: freeOrComposer, run: (e) => scrollLog(e.key === 'PageUp' ? -1 : 1) },
  { id: 'unread', keys: ['Shift+PgUp'], group: 'read', when: freeOrComposer, run: () => jumpToUnread() },
  { id: 'latest', keys: ['Ctrl+End', 'Esc'], group: 'read', when: free, run: () => { jumpToLatest(); } },
  { id: 'edit_last', keys: ['Up'], group: 'write' },
  { id: 'complete', keys: ['Tab'], group: 'write' },
  { id: 'newline', keys: ['Shift+Enter'], group: 'write' },
  { id: 'upload', keys: ['Ctrl+U'], group: 'write', when: inConversation, run: () => pickFiles() },
  { id: 'letter_next', keys: ['J'], group: 'letters', run: () => go(neighbour(shownIds(), currentId.value, 1)) },
  { id: 'letter_previous', keys: ['K'], group: 'letters', run: () => go(neighbour(shownIds(), currentId.value, -1)) },
  { id: 'letter_unread', keys: ['N'], group: 'letters', run: () => go(firstToRead(order.value.map((id) => conversations.value.get(id)))) },
  { id: 'letter_compose', keys: ['C'], group: 'letters', when: inConversation, run: () => focusComposer() },
  { id: 'letter_edit', keys: ['E'], group: 'letters', when: inConversation, run: () => editLast() },
  { id: 'letter_search', keys: ['/'], group: 'letters', run: searchHere },
  { id: 'letter_help', keys: ['?'], group: 'letters', run: () => openHelp() },
];

function searchHere() {
  const c = inConversation() ? current.value : null;
  const inside = c && c.kind !== 'note' && c.kind !== 'room' ? `in:${c.kind === 'direct' ? `@${c.with?.username}` : /\s/.test(c.name) ? `"${c.name}"` : c.name} ` : '';
  navigate(`/app/search?q=${encodeURIComponent(inside)}`);
}

const REGIONS = ['#chats a[tabindex="0"]', '[role="log"]', '.composer-field', '#panel'];
function nextRegion() {
  const found = REGIONS.map((s) => /** @type {HTMLElement|null} */ (document.querySelector(s)));
  const holders = found.map((element, i) => (i === 0 ? element?.closest('nav') : element));
  const at = holders.findIndex((element) => element?.contains(document.activeElement));
  for (let step = 1; step <= found.length; step += 1) {
    const next = found[(at + step + found.length) % found.length];
    if (!next) continue;
    if (next.tabIndex < 0 && !next.hasAttribute('tabindex')) next.tabIndex = -1;
    next.focus();
    return;
  }
}

export function installShortcuts() {
  // For tests: the keys work from here on.
  document.documentElement.dataset.keys = 'ready';
  addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.isComposing || anyDialogOpen()) return;
    const letters = setting('letterShortcuts');
    for (const one of shortcuts) {
      if (!one.run || !one.keys.some((k) => pressed(k, event))) continue;
      if (one.group === 'letters' && (!letters || editable(event.target))) continue;
      if (one.when && !one.when(event)) continue;
      event.preventDefault();
      one.run(event);
      return;
    }
    // Whatever is typed outside of a field is meant for the composer; the sign arrives there with the focus.
    const { target } = event;
    const loose = target === document.body || (target instanceof Element && Boolean(target.closest('[role="log"]')) && !target.closest('button, a, input, textarea'));
    if (!letters && loose && inConversation() && printable(event)) focusComposer();
  });
}

export function openHelp() { openDialog(Help); }

function Help(/** @type {any} */ { close }) {
  const groups = /** @type {const} */ (['move', 'read', 'write', 'letters']);
  return h(Dialog, { title: t('shortcuts.title'), onClose: close, wide: true }, html`<div class="dialog-body help" tabindex="0" role="group" aria-label=${t('shortcuts.title')}>
    ${groups.map((group) => html`<section key=${group}>
      <h3>${t(`shortcuts.${group}`)}</h3>
      ${group === 'letters' && html`<p class="field-hint">${t(setting('letterShortcuts') ? 'shortcuts.letters_on' : 'shortcuts.letters_off')}</p>`}
      <dl class="help-list">${shortcuts.filter((s) => s.group === group).map((s) => html`<div class="help-row" key=${s.id}>
        <dt>${t(`shortcuts.${s.id}`)}</dt>
        <dd>${s.keys.map((combination, i) => html`${i > 0 && html`<span class="help-or">/</span>`}<span class="help-keys" key=${combination}>${keysOf(combination).map((k) => html`<kbd>${k}</kbd>`)}</span>`)}</dd>
      </div>`)}</dl>
    </section>`)}
  </div>`);
}
