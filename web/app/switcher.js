// @ts-check
// Ctrl+K: a few letters lead to a conversation, a person or a page.
import { h, html, useEffect, useId, useMemo, useRef, useState } from '../vendor/preact.js';
import { Dialog, openDialog } from './dialog.js';
import { startChat } from './groups.js';
import { fmt, t } from './i18n.js';
import { addressIn, ranked } from './listing.js';
import { api } from './net.js';
import { navigate, pathTo } from './router.js';
import { conversations, isActive, me, order, people, putPeople } from './state.js';
import { Avatar, avatarOf, handleOf, titleOf } from './ui.js';

let opened = false;
export function openSwitcher() {
  if (opened) return;
  opened = true;
  openDialog(Switcher, { onClosed: () => { opened = false; } });
}

const PLACES = [['people', 'people', 'people.title'], ['groups', 'group', 'people.groups'], ['rooms', 'room', 'people.rooms'], ['contacts', 'star', 'people.contacts'],
  ['search', 'search', 'search.title'], ['mentions', 'at', 'mentions.title'], ['settings', 'settings', 'settings.title']];

/** @returns {{item: any, texts: string[], unread: number}[]} */
function entries() {
  const list = order.value.map((id) => conversations.value.get(id));
  const known = new Set(list.filter((c) => c.kind !== 'group').map((c) => c.with?.username));
  const others = [...people.value.values()].filter((p) => !known.has(p.username) && p.username !== me.value?.username);
  return [
    ...list.map((c) => ({ item: { key: c.id, c }, unread: c.unread, texts: [titleOf(c), c.with?.username ?? ''].filter(Boolean) })),
    ...others.map((user) => ({ item: { key: `@${user.username}`, user }, unread: 0, texts: [user.username, user.name] })),
    ...PLACES.map(([page, icon, name]) => ({ item: { key: `/${page}`, page, icon, name }, unread: 0, texts: [t(name)] })),
  ];
}

function Switcher(/** @type {any} */ { close }) {
  const id = useId();
  const [query, setQuery] = useState('');
  const [at, setAt] = useState(0);
  const list = useRef(/** @type {HTMLElement|null} */ (null));
  const shown = /** @type {any[]} */ (useMemo(() => {
    const found = ranked(query, entries());
    const address = addressIn(query);
    // Somebody of another realm is found by the address alone: nobody here may have heard of them.
    const known = address && found.some(({ c, user }) => (c?.with ?? user)?.username === address);
    return address && !known ? [{ key: `+${address}`, address }, ...found] : found;
  }, [query, conversations.value, people.value]));
  useEffect(() => {
    if (query.trim().length < 2) return undefined;
    const timer = setTimeout(() => {
      // What the page knows is shown at once; people never met come from the server, when it answers.
      api.get(`/people?limit=10&q=${encodeURIComponent(query.trim())}`).then((answer) => putPeople(answer.people), () => {});
    }, 150);
    return () => clearTimeout(timer);
  }, [query]);
  useEffect(() => { list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' }); }, [at, shown]);

  const choose = (/** @type {any} */ item) => {
    if (!item) return;
    if (item.c) navigate(pathTo(item.c.id));
    else if (item.page) navigate(`/app/${item.page}`);
    else startChat(item.address ?? item.user.username);
    close();
  };
  const key = (/** @type {KeyboardEvent} */ event) => {
    if (event.isComposing) return;
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: event.ctrlKey ? 0 : undefined, End: event.ctrlKey ? shown.length - 1 : undefined }[event.key];
    if (event.key === 'Enter') { event.preventDefault(); choose(shown[at]); } else if (to !== undefined && shown.length) {
      event.preventDefault();
      setAt((to + shown.length) % shown.length);
    }
  };
  return h(Dialog, { title: t('switcher.title'), plain: true, className: 'switcher', onClose: close }, html`
    <input class="switcher-input" data-autofocus type="text" role="combobox" aria-expanded="true" aria-controls=${`${id}l`} aria-autocomplete="list"
      aria-activedescendant=${shown[at] ? `${id}o${at}` : undefined} aria-label=${t('switcher.title')} placeholder=${t('switcher.hint')} autocomplete="off" spellcheck=${false}
      value=${query} onInput=${(/** @type {any} */ e) => { setQuery(e.currentTarget.value); setAt(0); }} onKeyDown=${key} />
    <ul class="switcher-list" id=${`${id}l`} role="listbox" aria-label=${t('switcher.results')} ref=${list}>
      ${shown.map((item, i) => html`<li key=${item.key} id=${`${id}o${i}`} role="option" class="switcher-option" aria-selected=${i === at ? 'true' : 'false'}
        onPointerMove=${() => { if (i !== at) setAt(i); }} onClick=${() => choose(item)}>${h(Option, { item })}</li>`)}
    </ul>
    ${!shown.length && html`<p class="rows-empty">${t('people.nobody')}</p>`}
    <p class="hidden-text" role="status">${t('switcher.count', { count: shown.length })}</p>`);
}

function Option(/** @type {any} */ { item: { c, user, icon, name, address } }) {
  if (address) return html`${h(Avatar, { name: address, size: 's' })}<bdi class="switcher-name">${t('realms.write_to', { name: address })}</bdi>`;
  if (c) {
    return html`${h(Avatar, { ...avatarOf(c, me.value), size: 's', active: c.kind === 'direct' && isActive(c.with?.username) })}
      <bdi class="switcher-name">${titleOf(c)}</bdi>
      ${c.with && c.kind === 'direct' && html`<span class="switcher-more"><bdi>${handleOf(c.with.username)}</bdi></span>`}
      ${c.unread > 0 && html`<span class="badge ${c.mentions ? 'badge-mention' : ''}"><span aria-hidden="true">${fmt.number(c.unread)}</span><span class="hidden-text">${t('sidebar.unread', { count: c.unread })}</span></span>`}`;
  }
  if (user) {
    return html`${h(Avatar, { user, size: 's', active: isActive(user.username) })}<bdi class="switcher-name">${user.name}</bdi>
      <span class="switcher-more"><bdi>${handleOf(user.username)}</bdi></span>`;
  }
  return html`${h(Avatar, { name, icon, size: 's' })}<span class="switcher-name">${t(name)}</span>`;
}
