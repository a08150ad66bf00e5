// @ts-check
// Start: the language, who is here; then the frame with the list of conversations, the page and the panel.
import { effect, h, html, render, signal, useEffect, useRef, useState } from '../vendor/preact.js';
import { ConversationPage } from './conversation.js';
import { timelineOf } from './history.js';
import { fmt, setLang, t } from './i18n.js';
import { api, connection, retryNow } from './net.js';
import { navigate, pathTo, route, startRouter } from './router.js';
import {
  conversations, current, currentId, drafts, filter, isActive, loaded, me, narrow,
  order, panel, putConversation, realm, setCurrent, shownIds, startSession, stay, typing,
} from './state.js';
import { Avatar, avatarOf, fetched, Icon, lastLine, lazy, Menu, titleOf, toast } from './ui.js';

const AuthPage = lazy(() => import('./auth.js'), 'AuthPage');
const Panel = lazy(() => import('./panel.js'), 'Panel');
const Welcome = lazy(() => import('./welcome.js'), 'Welcome');
const PAGES = /** @type {Record<string, any>} */ ({
  people: lazy(() => import('./people.js'), 'PeoplePage'),
  search: lazy(() => import('./search.js'), 'SearchPage'),
  mentions: lazy(() => import('./mentions.js'), 'MentionsPage'),
  settings: lazy(() => import('./settings.js'), 'SettingsPage'),
  admin: lazy(() => import('./admin.js'), 'AdminPage'),
});
const LAST = 'kabar.last';

/** What a first action needs is fetched once the first messages are painted: it is there then, also without a network. */
function startRest() {
  fetched(() => import('./shortcuts.js')).then((m) => m.installShortcuts());
  fetched(() => import('./notify.js')).then((m) => m.installNotifications());
  const rest = [() => import('./deeds.js'), () => import('./files.js'), () => import('./offers.js'), () => import('./delivery.js'), () => import('./unsent.js'), () => import('./submit.js'),
    () => import('./toast.js'), () => import('./menu.js'), () => import('./icons.js'), () => import('./panel.js'), () => import('./groups.js'), () => import('./rooms.js'),
    () => import('./people.js'), () => import('./search.js'), () => import('./mentions.js'), () => import('./settings.js'), () => import('./welcome.js')];
  const idle = globalThis.requestIdleCallback ?? ((/** @type {() => void} */ run) => setTimeout(run, 200));
  const next = () => { const load = rest.shift(); if (load) fetched(load).then(() => idle(next)); };
  const stop = effect(() => {
    const { page, id } = route.value;
    // Made here if the list is not there yet: only what exists can tell that it has messages.
    if (!me.value || (page === 'conversation' && id && !timelineOf(id).win.value)) return;
    requestAnimationFrame(() => { stop(); idle(next); });
  });
}

function Layout() {
  const { page } = route.value;
  usePlace();
  if (me.value === undefined) return html`<div class="splash"><p class="hidden-text" role="status">${t('layout.loading')}</p></div>`;
  const outside = me.value === null || ['signin', 'register', 'setup', 'invitation'].includes(page);
  return outside ? h(AuthPage, { page: ['register', 'setup', 'invitation'].includes(page) ? page : 'signin' }) : h(Signed, {});
}

function Signed() {
  const { page } = route.value;
  const list = page === 'home';
  const side = panel.value && current.value && page === 'conversation';
  return html`<div class=${`frame ${list ? 'at-list' : 'at-page'} ${side ? 'with-panel' : ''}`}>
    <a class="skip" href="#main" onClick=${(/** @type {Event} */ e) => { e.preventDefault(); document.getElementById('main')?.focus(); }}>${t('layout.skip')}</a>
    <div class="top">${h(Banner, {})}${h(Demo, {})}</div>
    ${h(Sidebar, {})}
    <main id="main" class="main" tabindex="-1" aria-label=${current.value?.name ?? t('layout.main')}>${h(Page, {})}</main>
    ${side && h(Panel, { conversation: current.value, key: current.value.id })}
  </div>`;
}

/** @returns {any} */
function Page() {
  const { page, id, seq, q, section } = route.value;
  if (page === 'conversation') return h(ConversationPage, { id: String(id), seq });
  if (page === 'home') return loaded.value && !order.value.length ? h(Welcome, {}) : html`<div class="splash"></div>`;
  if (['people', 'groups', 'rooms', 'contacts'].includes(page)) return h(PAGES.people, { tab: page });
  const Wanted = /** @type {any} */ (PAGES[page]);
  if (Wanted) return h(Wanted, { q, section });
  return html`<div class="empty"><h2>${t('layout.nowhere')}</h2><a class="button" href="/app">${t('layout.home')}</a></div>`;
}

/** Keeps "which conversation" in step with the path, and finds the one to begin with. */
function usePlace() {
  const { page, id } = route.value;
  const ready = loaded.value;
  const wide = !narrow.value;
  useEffect(() => {
    setCurrent(page === 'conversation' && id ? id : null);
    if (page === 'conversation' && id) localStorage.setItem(LAST, id);
  }, [page, id]);
  useEffect(() => {
    if (!ready || page !== 'home' || !wide || !order.value.length) return;
    const last = localStorage.getItem(LAST);
    navigate(pathTo(last && conversations.value.has(last) ? last : String(order.value[0])), { replace: true });
  }, [page, ready, wide]);
  useEffect(() => {
    if (!ready || !id || conversations.value.has(id)) return;
    api.get(`/conversations/${encodeURIComponent(id)}`).then(putConversation, () => {
      toast(t('layout.conversation_gone'), { error: true });
      localStorage.removeItem(LAST);
      navigate('/app', { replace: true });
    });
  }, [ready, id]);
}

const demoSeen = signal(sessionStorage.getItem('kabar.demo') === 'seen');
/** In a demonstration: says so, until it is put away. */
function Demo() {
  if (!realm.value?.demo || demoSeen.value) return null;
  const close = () => { demoSeen.value = true; sessionStorage.setItem('kabar.demo', 'seen'); };
  return html`<div class="demo"><span>${t('demo.bar')}</span>
    <button type="button" class="icon-button" aria-label=${t('demo.close')} title=${t('demo.close')} onClick=${close}>${h(Icon, { name: 'close' })}</button></div>`;
}

/** Says when the server is not there, how long until the next try, and offers to try now. */
function Banner() {
  const { state, attempt, retryAt } = connection.value;
  const away = state === 'waiting' || state === 'offline' || (state === 'connecting' && attempt > 0);
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (!away) return undefined;
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, [away]);
  const seconds = Math.max(1, Math.ceil((retryAt - now) / 1000));
  const what = state === 'offline' ? t('banner.offline') : t('banner.lost');
  // The countdown is for the eye: read out every second it would be a nuisance.
  return html`<div class="banner-place">
    <div class=${away ? 'banner' : 'hidden-text'} role="status">${away && what}</div>
    ${away && html`<div class="banner-more">
      <span aria-hidden="true">${state === 'connecting' ? t('banner.trying') : t('banner.again_in', { count: seconds })}</span>
      <button type="button" class="button button-small" onClick=${retryNow}>${t('banner.now')}</button>
    </div>`}
  </div>`;
}

// Fetched when asked for: the list is on the way to the first message, these are not.
const openSwitcher = () => import('./switcher.js').then((m) => m.openSwitcher());
const openAddGroup = () => import('./groups.js').then((m) => m.openAddGroup());
const openJoinGroup = () => import('./groups.js').then((m) => m.openJoinGroup());

const FILTERS = [['all', 'sidebar.all'], ['direct', 'sidebar.private_chat'], ['group', 'sidebar.group_chat']];

/** Mentions where several people talk; what is said to me alone needs no name. */
const named = () => [...conversations.value.values()].reduce((sum, c) => sum + (c.kind === 'direct' ? 0 : c.mentions), 0);

/** The list of conversations with everything that leads elsewhere. */
function Sidebar() {
  return html`<nav class="sidebar" id="sidebar" aria-label=${t('sidebar.label')}>
    <header class="sidebar-head">
      ${h(narrow.value ? 'h1' : 'div', { class: 'sidebar-name' }, html`<a class="sidebar-realm" href="/app">${h(Icon, { name: 'logo' })}<bdi>${realm.value?.realm ?? t('app.name')}</bdi></a>`)}
      ${h(Menu, { label: t('sidebar.new'), icon: 'add', items: [
        { label: t('sidebar.new_chat'), icon: 'message', run: () => navigate('/app/people') },
        { label: t('groups.add'), icon: 'group', run: openAddGroup },
        { label: t('groups.join'), icon: 'join', run: openJoinGroup },
        { label: t('rooms.enter'), icon: 'room', run: () => navigate('/app/rooms') },
      ] })}
    </header>
    <button type="button" class="sidebar-jump" aria-keyshortcuts="Control+K" onClick=${() => openSwitcher()}>
      ${h(Icon, { name: 'search' })}<span>${t('sidebar.jump')}</span><kbd aria-hidden="true">${t('sidebar.jump_keys')}</kbd>
    </button>
    <ul class="sidebar-links">
      ${h(Place, { page: 'search', icon: 'search', text: t('search.title') })}
      ${h(Place, { page: 'mentions', icon: 'at', text: t('mentions.title'), count: named() })}
      ${h(Place, { page: 'people', also: ['groups', 'rooms', 'contacts'], icon: 'people', text: t(narrow.value ? 'people.people' : 'people.title') })}
      ${me.value?.role === 'administrator' && h(Place, { page: 'admin', icon: 'shield', text: t(narrow.value ? 'admin.link' : 'admin.title') })}
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
  /** The same element for the same conversation: a message elsewhere draws its own line only. */
  const drawn = useRef(/** @type {Map<string, {c: any, stop: boolean, vnode: any}>} */ (new Map()));
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
  const chat = (/** @type {string} */ id) => {
    const [c, here] = [conversations.value.get(id), id === stop];
    const known = drawn.current.get(id);
    if (known?.c === c && known?.stop === here) return known.vnode;
    const vnode = h(Chat, { key: id, c, stop: here });
    drawn.current.set(id, { c, stop: here, vnode });
    return vnode;
  };
  return html`<ul class="chats" id="chats" ref=${list} onKeyDown=${walk} aria-label=${t('sidebar.conversations')}>
    ${ids.map(chat)}
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

startRouter();
const session = startSession();
await setLang(document.documentElement.lang);
render(h(Layout, {}), /** @type {HTMLElement} */ (document.getElementById('app')));
await session;
if (stay.value) import('./rooms.js');
startRest();
