// @ts-check
// The page of one conversation: its head, the log with its keys and its scroll position, who types, the composer.
import { h, html, useEffect, useLayoutEffect, useRef, useState } from '../vendor/preact.js';
import { Composer, DropZone, focusComposer } from './composer.js';
import { hasOlder, isLive, pendingOf, rowsOf, timelineOf } from './history.js';
import { fmt, t } from './i18n.js';
import { addressOf, editing, Message } from './message.js';
import { api, onEvent } from './net.js';
import { calm, conversations, focused, isActive, me, openPanel, panel, people, putPeople, setting, stay, typing } from './state.js';
import { firstWords } from './text.js';
import { Avatar, handleOf, Icon, lazy } from './ui.js';

const UnsentBar = lazy(() => import('./unsent.js'), 'UnsentBar');
const Outside = lazy(() => import('./rooms.js'), 'Outside');
const LeaveButton = lazy(() => import('./rooms.js'), 'LeaveButton');
const Moves = lazy(() => import('./rooms.js'), 'Moves');

/** @param {{id: string, seq?: number}} props */
export function ConversationPage({ id, seq }) {
  const conversation = conversations.value.get(id);
  const group = conversation?.kind === 'group';
  const outside = conversation?.kind === 'room' && stay.value?.id !== id;
  // Names for mentions, reactions and those who type.
  useEffect(() => {
    if (group) api.get(`/conversations/${encodeURIComponent(id)}/members`).then((a) => putPeople(a.members), () => {});
  }, [id, group]);
  if (!conversation) return html`<div class="conversation"><header class="head"><span class="skeleton head-ghost"></span></header></div>`;
  return html`<section class="conversation" key=${id} aria-label=${conversation.name}>
    ${h(Head, { conversation })}
    ${h(TimelineView, { key: id, timeline: timelineOf(id), seq, focusComposer })}
    ${h(Typing, { id })}
    ${h(UnsentBar, { id })}
    ${outside ? h(Outside, { room: conversation }) : h(Composer, { key: `composer ${id}`, id, name: conversation.name, kind: conversation.kind, seq })}
    ${!outside && h(DropZone, { id })}
  </section>`;
}

/** @param {{conversation: any}} props */
function Head({ conversation }) {
  const { kind, name, members, visibility } = conversation;
  const other = conversation.with;
  const group = kind === 'group' || kind === 'room';
  const active = kind === 'direct' && isActive(other.username);
  const about = kind === 'room' ? t('rooms.people', { count: members }) : group
    ? [t('conversation.members', { count: members }), visibility === 'private' ? t('conversation.private') : null].filter(Boolean).join(' · ')
    : kind === 'note' ? t('conversation.note') : [handleOf(other.username), active ? t('conversation.active') : other.country].filter(Boolean).join(' · ');
  const open = panel.value !== null;
  return html`<header class="head">
    <a class="icon-button head-back" href="/app" aria-label=${t('conversation.back')}>${h(Icon, { name: 'back' })}</a>
    ${h(Avatar, { user: other, name, group, icon: kind === 'note' || kind === 'room' ? kind : undefined, active })}
    <div class="head-words"><h1 class="head-name"><bdi>${kind === 'note' ? t('conversation.note_name') : name}</bdi></h1><p class="head-about">${about}</p></div>
    ${kind === 'room' ? h(LeaveButton, { room: conversation }) : html`<a class="icon-button" href=${`/app/search?q=${encodeURIComponent(inOperator(conversation))}`} aria-label=${t('conversation.search')} title=${t('conversation.search')}>${h(Icon, { name: 'search' })}</a>`}
    <button type="button" class="icon-button" aria-pressed=${open ? 'true' : 'false'} aria-label=${t('conversation.panel')} title=${t('conversation.panel')} onClick=${() => openPanel(open ? null : 'members')}>${h(Icon, { name: 'panel' })}</button>
  </header>`;
}

/** @param {any} c */
function inOperator(c) {
  const name = c.with?.username ?? c.name;
  return `in:${/\s/.test(name) ? `"${name}"` : name} `;
}

/** @param {{id: string}} props */
function Typing({ id }) {
  const inside = typing.value.get(id);
  const [, tick] = useState(0);
  useEffect(() => {
    if (!inside?.size) return undefined;
    const timer = setInterval(() => tick(Date.now()), 500);
    return () => clearInterval(timer);
  }, [inside]);
  const now = Date.now();
  const names = [...(inside ?? [])].filter(([u, until]) => until > now && u !== me.value?.username).map(([u]) => people.value.get(u)?.name ?? u);
  const shown = setting('typing') && names.length > 0;
  return html`<p class="typing">${shown && html`<span class="typing-dots" aria-hidden="true"><i></i><i></i><i></i></span>
    <span>${names.length > 3 ? t('conversation.many_typing') : t('conversation.typing', { count: names.length, names: fmt.list(names) })}</span>`}</p>`;
}

const PINNED_PX = 40;
const AWAY_PX = 100;

/** The log on the screen, for the shortcuts. @type {{page: (n: number) => void, latest: () => void, unread: () => void}|null} */
let mounted = null;
/** @param {number} pages */
export function scrollLog(pages) { mounted?.page(pages); }
export function jumpToLatest() { mounted?.latest(); }
export function jumpToUnread() { mounted?.unread(); }

/** @param {{timeline: import('./history.js').Timeline, seq?: number, focusComposer: () => void}} props */
export function TimelineView({ timeline, seq, focusComposer }) {
  const box = useRef(/** @type {HTMLElement|null} */ (null));
  const list = useRef(/** @type {HTMLElement|null} */ (null));
  const cache = useRef(/** @type {Map<string, any>} */ (new Map()));
  const settled = useRef(/** @type {any} */ (null));
  /** The place that was asked for: when nothing is on its way any more and it is not there, it will not come. */
  const asked = useRef('');
  const lastTop = useRef(0);
  const [away, setAway] = useState(false);
  const keys = useLogKeys(list, focusComposer);
  const win = timeline.win.value;
  const busy = timeline.busy.value;
  const divider = timeline.divider.value;
  const conversation = conversations.value.get(timeline.id);
  const live = win ? isLive(win) : false;
  const rows = win ? rowsOf(win.messages, live ? [...timeline.waiting.value, ...pendingOf(timeline.id)] : [], { divider, start: !hasOlder(win), notes: live ? timeline.notes.value : [] }) : [];
  // Rendering comes before the change of the document: this is where the reader is now.
  const anchor = box.current && list.current && settled.current && !timeline.pinned ? anchorOf(box.current, list.current) : null;

  const check = () => {
    const el = box.current;
    const now = timeline.win.peek();
    if (!el || !list.current || !now || !settled.current) return;
    const rest = below(el);
    const atEnd = isLive(now);
    // Rows that grow below push the end away: only a move upwards is a wish to leave it.
    if (rest < PINNED_PX && atEnd) timeline.pinned = true;
    else if (el.scrollTop < lastTop.current - 1 || !atEnd) timeline.pinned = false;
    lastTop.current = el.scrollTop;
    setAway(!timeline.pinned && (rest > AWAY_PX || !atEnd));
    timeline.place = timeline.pinned ? null : anchorOf(el, list.current);
    timeline.readTo(lastSeqInView(el, list.current));
    if (el.scrollTop < el.clientHeight) timeline.older();
    if (rest < el.clientHeight && !atEnd) timeline.newer();
  };
  const toEnd = () => { if (box.current) box.current.scrollTop = box.current.scrollHeight; };

  useLayoutEffect(() => {
    const el = box.current;
    const inner = list.current;
    if (!el || !inner || !win) return;
    // A jump that is wanted: the first drawing, or an address that points elsewhere.
    const wish = `${timeline.id}/${seq ?? ''}`;
    const nowhere = asked.current === wish && busy === null && !timeline.failed.value;
    if (settled.current !== wish && (!seq || nowhere || rowAt(inner, keyFor(win, seq)))) {
      settled.current = wish;
      arriveAt(el, inner);
    } else if (timeline.pinned) toEnd();
    else if (anchor) holdAt(el, inner, anchor);
    check();
  });

  /** @param {HTMLElement} el @param {HTMLElement} inner */
  const arriveAt = (el, inner) => {
    const target = seq ? rowAt(inner, keyFor(win, seq)) : null;
    const line = divider !== null ? rowAt(inner, 'divider') : null;
    timeline.pinned = false;
    if (target) {
      el.scrollTop += target.getBoundingClientRect().top - el.getBoundingClientRect().top - el.clientHeight / 3;
      keys.activate(/** @type {string} */ (target.dataset.key), true);
    } else if (timeline.place && !line) holdAt(el, inner, timeline.place);
    else if (line) el.scrollTop += line.getBoundingClientRect().top - el.getBoundingClientRect().top - el.clientHeight / 4;
    else { timeline.pinned = true; toEnd(); }
    if (below(el) < PINNED_PX && live) timeline.pinned = true;
    lastTop.current = el.scrollTop;
    timeline.place = timeline.pinned ? null : anchorOf(el, inner);
  };

  useEffect(() => {
    if (seq) {
      const now = timeline.win.peek();
      if (timeline.stale || !now?.messages.some((m) => m.seq === seq)) timeline.load(seq); else timeline.remain();
    } else timeline.enter();
    asked.current = `${timeline.id}/${seq ?? ''}`;
  }, [timeline, seq]);
  useEffect(() => () => timeline.leave(), [timeline]);
  useEffect(() => { if (focused.value) check(); }, [focused.value]);
  useEffect(() => {
    const watch = new ResizeObserver(() => {
      // Rows get their true height when they come near the screen: what is being read stays where it is.
      if (settled.current && timeline.pinned) toEnd();
      else if (settled.current && timeline.place && box.current && list.current) holdAt(box.current, list.current, timeline.place);
      check();
    });
    if (box.current) watch.observe(box.current);
    if (list.current) watch.observe(list.current);
    return () => watch.disconnect();
  }, [timeline, Boolean(win)]);

  const latest = async () => {
    timeline.divider.value = null;
    timeline.pinned = true;
    await timeline.latest();
    if (box.current) box.current.scrollTo({ top: box.current.scrollHeight, behavior: calm.value || below(box.current) > 3000 ? 'auto' : 'smooth' });
  };
  useEffect(() => {
    const own = {
      page: (/** @type {number} */ n) => { const el = box.current; el?.scrollBy({ top: n * el.clientHeight * 0.85 }); },
      latest,
      unread: () => { const line = list.current && rowAt(list.current, 'divider'); if (line) { timeline.pinned = false; line.scrollIntoView({ block: 'center' }); } },
    };
    mounted = own;
    return () => { if (mounted === own) mounted = null; };
  });

  return html`<div class="log-frame">
    <div ref=${box} class="log" role="log" aria-live="off" aria-label=${t('timeline.label', { name: conversation?.name ?? '' })} aria-busy=${busy ? 'true' : 'false'} tabindex="-1" onScroll=${check} ...${keys.handlers}>
      ${!win && busy !== null && h(Skeleton, {})}
      ${timeline.failed.value && html`<div class="empty"><p role="alert">${t('timeline.failed')}</p><button type="button" class="button" onClick=${() => timeline.load(seq)}>${t('message.retry')}</button></div>`}
      ${busy === 'older' && html`<p class="log-busy">${t('timeline.loading')}</p>`}
      <div ref=${list} class="log-list">${rows.map((row) => draw(row, { cache: cache.current, keys, seq, focusComposer, rows, conversation }))}</div>
    </div>
    ${away && h(Jump, { count: conversation?.unread ?? 0, onClick: () => { latest(); } })}
    ${h(Announcer, { id: timeline.id })}
  </div>`;
}

/** @param {any} win @param {number} seq */
function keyFor(win, seq) {
  const m = win.messages.find((/** @type {any} */ x) => x.seq === seq);
  return m?.key ? `k${m.key}` : `s${seq}`;
}

/** A row's element; the same object as long as nothing of it changed, so that it is not compared again. @param {any} row @param {any} c */
function draw(row, { cache, keys, seq, focusComposer, rows, conversation }) {
  if (row.type === 'start') return html`<div key="start" data-key="start" class="log-start"><h2><bdi>${conversation?.name}</bdi></h2><p>${conversation?.kind === 'note' ? t('timeline.start_note') : t(conversation?.kind === 'room' ? 'rooms.start' : 'timeline.start', { name: conversation?.name ?? '' })}</p></div>`;
  if (row.type === 'day') return html`<div key=${row.key} data-key=${row.key} class="log-day" role="separator"><span>${fmt.day(row.at)}</span></div>`;
  if (row.type === 'divider') return html`<div key="divider" data-key="divider" class="log-divider" role="separator"><span>${t('timeline.new')}</span></div>`;
  if (row.type === 'moves') return html`<div key=${row.key} data-key=${row.key} class="log-moves">${h(Moves, { notes: row.notes })}</div>`;
  const m = row.message;
  const active = keys.active ? keys.active === row.key : row === rows.at(-1);
  const now = { m, first: row.first, active, shown: Boolean(seq) && m.seq === seq, tool: keys.tool === row.key, edit: !m.pending && editing.value === addressOf(m) };
  const known = cache.get(row.key);
  if (known && Object.keys(now).every((k) => known[k] === /** @type {any} */ (now)[k])) return known.vnode;
  const vnode = h(Message, { key: row.key, rowKey: row.key, message: m, first: now.first, active, shown: now.shown, tool: now.tool, edit: now.edit, height: guessHeight(m, row.first), focusComposer });
  cache.set(row.key, { ...now, vnode });
  if (cache.size > 1200) cache.clear();
  return vnode;
}

/** @param {{count: number, onClick: () => void}} props */
function Jump({ count, onClick }) {
  return html`<button type="button" class="jump" onClick=${onClick}>${h(Icon, { name: 'chevron' })}<span>${count ? t('timeline.jump_new', { count }) : t('timeline.jump')}</span></button>`;
}

function Skeleton() {
  return html`<div class="log-skeleton" aria-hidden="true">${[62, 38, 74, 45, 58].map((w, i) => html`<div key=${i} class="log-ghost"><span class="skeleton ghost-face"></span><span class="skeleton ghost-line" style=${{ width: `${w}%` }}></span></div>`)}</div>`;
}

/** Children are in order, so a binary search is enough. @param {HTMLCollection|Element[]} children @param {(r: DOMRect) => boolean} test */
export function firstWhere(children, test) {
  let low = 0;
  let high = children.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (test(children[mid].getBoundingClientRect())) high = mid; else low = mid + 1;
  }
  return low;
}

/** @param {HTMLElement} box @param {HTMLElement} list @returns {{key: string, top: number}|null} the first row in view that is a message */
export function anchorOf(box, list) {
  const top = box.getBoundingClientRect().top;
  const rows = list.children;
  for (let i = firstWhere(rows, (r) => r.bottom > top); i < rows.length; i += 1) {
    const row = /** @type {HTMLElement} */ (rows[i]);
    if (row.dataset.key && row.tagName === 'ARTICLE') return { key: row.dataset.key, top: row.getBoundingClientRect().top - top };
  }
  return null;
}

/** @param {HTMLElement} list @param {string} key @returns {HTMLElement|null} */
export function rowAt(list, key) { return list.querySelector(`:scope > [data-key="${CSS.escape(key)}"]`); }

/** Puts a row back to where it was. @param {HTMLElement} box @param {HTMLElement} list @param {{key: string, top: number}} anchor */
export function holdAt(box, list, anchor) {
  const row = rowAt(list, anchor.key);
  if (!row) return;
  const off = row.getBoundingClientRect().top - box.getBoundingClientRect().top - anchor.top;
  if (Math.abs(off) > 0.5) box.scrollTop += off;
}

/** The highest sequence number that is wholly or partly in view. @param {HTMLElement} box @param {HTMLElement} list */
export function lastSeqInView(box, list) {
  const bottom = box.getBoundingClientRect().bottom - 8;
  const rows = list.children;
  for (let i = firstWhere(rows, (r) => r.top >= bottom) - 1; i >= 0; i -= 1) {
    const seq = Number(/** @type {HTMLElement} */ (rows[i]).dataset.seq);
    if (seq) return seq;
  }
  return 0;
}

/** @param {HTMLElement} box */
export const below = (box) => box.scrollHeight - box.scrollTop - box.clientHeight;

/** How high a message will be, roughly: its place while it is not drawn. @param {any} m @param {boolean} first */
export function guessHeight(m, first) {
  const lines = m.text ? m.text.split('\n').reduce((/** @type {number} */ n, /** @type {string} */ l) => n + Math.max(1, Math.ceil(l.length / 90)), 0) : 0;
  return (first ? 32 : 6) + lines * 23 + (m.file ? (m.file.height ? Math.min(300, m.file.height) + 8 : 64) : 0) + (m.reactions?.length ? 34 : 0) + (m.reply_to ? 26 : 0);
}

/** @param {{current: HTMLElement|null}} list @param {() => void} focusComposer */
export function useLogKeys(list, focusComposer) {
  const [active, setActive] = useState(/** @type {string|null} */ (null));
  const [hovered, setHovered] = useState(/** @type {string|null} */ (null));
  const [held, setHeld] = useState(/** @type {string|null} */ (null));
  const article = (/** @type {EventTarget|null} */ target) => /** @type {HTMLElement|null} */ (/** @type {Element} */ (target)?.closest?.('article[data-key]'));
  const focus = (/** @type {HTMLElement|null|undefined} */ row) => { if (!row) return; row.focus({ preventScroll: true }); row.scrollIntoView({ block: 'nearest' }); };
  const all = () => [...(list.current?.querySelectorAll(':scope > article') ?? [])].map((e) => /** @type {HTMLElement} */ (e));

  const onKeyDown = (/** @type {KeyboardEvent} */ e) => {
    const target = /** @type {HTMLElement} */ (e.target);
    if (e.ctrlKey || e.altKey || e.metaKey || /^(TEXTAREA|INPUT)$/.test(target.tagName) || target.closest('[role=menu]')) return;
    const row = article(target);
    if (e.key === 'Escape' && row) {
      e.preventDefault();
      // Out of the message's buttons first, then out of the log.
      if (target === row) focusComposer(); else row.focus();
      return;
    }
    if (target !== row && target.getAttribute('role') !== 'log') return;
    const rows = all();
    const at = row ? rows.indexOf(row) : rows.length;
    const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: rows.length - 1 }[e.key];
    if (to === undefined) return;
    e.preventDefault();
    if (to >= rows.length) focusComposer(); else focus(rows[Math.max(0, to)]);
  };

  return {
    active,
    tool: held ?? hovered,
    /** @param {string} key @param {boolean} [now] */
    activate(key, now) {
      setActive(key);
      if (now && list.current) rowAt(list.current, key)?.focus({ preventScroll: true });
    },
    handlers: {
      onKeyDown,
      onFocusIn: (/** @type {FocusEvent} */ e) => {
        const key = article(e.target)?.dataset.key;
        if (!key) return;
        setActive(key);
        setHeld(key);
      },
      onFocusOut: (/** @type {FocusEvent} */ e) => { if (!article(e.relatedTarget)) setHeld(null); },
      onPointerOver: (/** @type {PointerEvent} */ e) => { if (e.pointerType === 'mouse') setHovered(article(e.target)?.dataset.key ?? null); },
      onPointerLeave: () => setHovered(null),
    },
  };
}

/** @param {{id: string}} props */
export function Announcer({ id }) {
  const [said, say] = useState('');
  useEffect(() => onEvent('message', ({ message }) => {
    if (message.conversation !== id || message.author.username === me.value?.username) return;
    say(t('timeline.announce', { name: message.author.name, text: firstWords(message.text || message.file?.name || '', 300) }));
  }), [id]);
  return html`<div class="hidden-text" aria-live="polite" aria-atomic="true">${said}</div>`;
}
