// The list of conversations with everything that leads elsewhere.
import { h, html, signal, useRef } from '../vendor/preact.js';
import { Avatar } from './avatar.js';
import { drafts } from './drafts.js';
import { fmt, t } from './i18n.js';
import { Icon } from './icons.js';
import { shownIn } from './listing.js';
import { Menu } from './menu.js';
import { avatarOf, lastLine, titleOf } from './naming.js';
import { navigate, pathTo, route } from './router.js';
import { conversations, currentId, isActive, loaded, me, narrow, order, realm, typing } from './state.js';

// Fetched when asked for: the list is on the way to the first message, these are not.
const openSwitcher = () => import('./switcher.js').then((m) => m.openSwitcher());
const openAddGroup = () => import('./groups.js').then((m) => m.openAddGroup());
const openJoinGroup = () => import('./groups.js').then((m) => m.openJoinGroup());

const filter = signal('all');
const FILTERS = [['all', 'sidebar.all'], ['direct', 'sidebar.private_chat'], ['group', 'sidebar.group_chat']];

/** The ids of the list as it is shown: the shortcuts walk along it. */
export const shownIds = () => order.value.filter((id) => shownIn(conversations.value.get(id), filter.value));

/** Mentions where several people talk; what is said to me alone needs no name. */
const named = () => [...conversations.value.values()].reduce((sum, c) => sum + (c.kind === 'direct' ? 0 : c.mentions), 0);

export function Sidebar() {
  return html`<nav class="sidebar" id="sidebar" aria-label=${t('sidebar.label')}>
    <header class="sidebar-head">
      ${h(narrow.value ? 'h1' : 'div', { class: 'sidebar-name' }, html`<a class="sidebar-realm" href="/app">${h(Icon, { name: 'logo' })}<bdi>${realm.value?.realm ?? t('app.name')}</bdi></a>`)}
      ${h(Menu, { label: t('sidebar.new'), icon: 'add', items: [
        { label: t('sidebar.new_chat'), icon: 'message', run: () => navigate('/app/people') },
        { label: t('groups.add'), icon: 'group', run: openAddGroup },
        { label: t('groups.join'), icon: 'join', run: openJoinGroup },
      ] })}
    </header>
    <button type="button" class="sidebar-jump" aria-keyshortcuts="Control+K" onClick=${() => openSwitcher()}>
      ${h(Icon, { name: 'search' })}<span>${t('sidebar.jump')}</span><kbd aria-hidden="true">${t('sidebar.jump_keys')}</kbd>
    </button>
    <ul class="sidebar-links">
      ${h(Place, { page: 'search', icon: 'search', text: t('search.title') })}
      ${h(Place, { page: 'mentions', icon: 'at', text: t('mentions.title'), count: named() })}
      ${h(Place, { page: 'people', also: ['groups', 'contacts'], icon: 'people', text: t('people.title') })}
    </ul>
    <div class="sidebar-filter" role="group" aria-label=${t('sidebar.filter')}>
      ${FILTERS.map(([key, text]) => html`<button type="button" key=${key} class="filter-pill" aria-pressed=${filter.value === key}
        onClick=${() => { filter.value = key; }}>${t(text)}</button>`)}
    </div>
    ${h(List, {})}
    ${h(Own, {})}
  </nav>`;
}

function Place(/** @type {any} */ { page, also = [], icon, text, count = 0 }) {
  const here = route.value.page === page || also.includes(route.value.page);
  return html`<li><a class="place" href=${`/app/${page}`} aria-current=${here ? 'page' : undefined}>
    ${h(Icon, { name: icon })}<span>${text}</span>
    ${count > 0 && html`<span class="badge badge-mention"><span aria-hidden="true">${fmt.number(count)}</span><span class="hidden-text">${t('sidebar.mentions', { count })}</span></span>`}
  </a></li>`;
}

function List() {
  const list = useRef(/** @type {HTMLElement|null} */ (null));
  if (!loaded.value) {
    return html`<div class="chats" aria-busy="true">${Array.from({ length: 7 }, (_, i) => html`<div class="chat chat-skeleton" key=${i}>
      <span class="skeleton skeleton-avatar"></span><span class="skeleton skeleton-line"></span></div>`)}</div>`;
  }
  const ids = shownIds();
  if (!ids.length) {
    return html`<div class="chats chats-empty"><p>${t(filter.value === 'all' ? 'sidebar.none' : 'sidebar.none_here')}</p></div>`;
  }
  // One tab stop for the whole list; the arrows walk inside it.
  const stop = currentId.value && ids.includes(currentId.value) ? currentId.value : ids[0];
  const walk = (/** @type {KeyboardEvent} */ event) => {
    const links = /** @type {HTMLElement[]} */ ([...list.current?.querySelectorAll('a') ?? []]);
    const at = links.indexOf(/** @type {any} */ (document.activeElement));
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: links.length - 1 }[event.key];
    if (to === undefined || at < 0 || event.altKey || event.ctrlKey || !links[to]) return;
    event.preventDefault();
    links[to].focus();
  };
  return html`<ul class="chats" id="chats" ref=${list} onKeyDown=${walk} aria-label=${t('sidebar.conversations')}>
    ${ids.map((id) => h(Chat, { key: id, c: conversations.value.get(id), stop: id === stop }))}
  </ul>`;
}

function Chat(/** @type {any} */ { c, stop }) {
  const open = route.value.page === 'conversation' && currentId.value === c.id;
  const draft = !open && drafts.value.get(c.id)?.text?.trim();
  const writing = [...(typing.value.get(c.id) ?? new Map()).values()].some((until) => until > Date.now());
  const line = lastLine(c, me.value?.username);
  const active = c.kind === 'direct' && isActive(c.with?.username);
  return html`<li class="chat-item"><a class=${`chat ${c.unread ? 'chat-unread' : ''}`} href=${pathTo(c.id)} aria-current=${open ? 'page' : undefined} tabindex=${stop ? 0 : -1}>
    ${h(Avatar, { ...avatarOf(c, me.value), active })}
    <span class="chat-text">
      <span class="chat-top"><bdi class="chat-name">${titleOf(c)}</bdi>${c.last && html`<time class="chat-time" datetime=${c.last.at}>${fmt.brief(c.last.at)}</time>`}</span>
      <span class="chat-bottom">
        <span class="chat-line">${preview({ draft, writing, line })}</span>
        ${c.mentions > 0 && c.kind !== 'direct' && html`<span class="badge badge-mention"><span aria-hidden="true">@</span><span class="hidden-text">${t('sidebar.mentions', { count: c.mentions })}</span></span>`}
        ${c.unread > 0 && html`<span class="badge"><span aria-hidden="true">${c.unread > 999 ? `${fmt.number(999)}+` : fmt.number(c.unread)}</span><span class="hidden-text">${t('sidebar.unread', { count: c.unread })}</span></span>`}
      </span>
    </span>
  </a></li>`;
}

function preview(/** @type {any} */ { draft, writing, line }) {
  if (writing) return html`<em class="chat-typing">${t('sidebar.typing')}</em>`;
  if (draft) return html`<span class="chat-draft">${t('sidebar.draft')}</span> <span dir="auto">${draft}</span>`;
  if (!line) return html`<span class="chat-quiet">${t('sidebar.no_messages')}</span>`;
  return html`${line.who && html`<span class="chat-who"><bdi>${line.who}</bdi>: </span>`}${line.icon && h(Icon, { name: line.icon })}<span dir="auto">${line.text}</span>`;
}

function Own() {
  if (!me.value) return null;
  return html`<a class="own" href="/app/settings" aria-current=${route.value.page === 'settings' ? 'page' : undefined}>
    ${h(Avatar, { user: me.value, size: 's' })}
    <span class="own-text"><bdi class="own-name">${me.value.name}</bdi><span class="own-username">@<bdi>${me.value.username}</bdi></span></span>
    ${h(Icon, { name: 'settings' })}<span class="hidden-text">${t('settings.title')}</span>
  </a>`;
}
