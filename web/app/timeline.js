// @ts-check
// The log of a conversation: the loaded messages as rows, the scroll position through every change.
import { h, html, useEffect, useLayoutEffect, useRef, useState } from '../vendor/preact.js';
import { Announcer } from './announcer.js';
import { addressOf, editing } from './deeds.js';
import { t, fmt } from './i18n.js';
import { Icon } from './icons.js';
import { useLogKeys } from './logkeys.js';
import { Message } from './message.js';
import { pendingOf } from './pending.js';
import { rowsOf } from './rows.js';
import { anchorOf, below, guessHeight, holdAt, lastSeqInView, rowAt } from './scroll.js';
import { calm, conversations, focused } from './state.js';
import { hasOlder, isLive } from './window.js';

const PINNED_PX = 40;
const AWAY_PX = 100;

/** The log on the screen, for the shortcuts. @type {{page: (n: number) => void, latest: () => void, unread: () => void}|null} */
let mounted = null;
/** @param {number} pages */
export function scrollLog(pages) { mounted?.page(pages); }
export function jumpToLatest() { mounted?.latest(); }
export function jumpToUnread() { mounted?.unread(); }

/** @param {{timeline: import('./timelines.js').Timeline, seq?: number, focusComposer: () => void}} props */
export function TimelineView({ timeline, seq, focusComposer }) {
  const box = useRef(/** @type {HTMLElement|null} */ (null));
  const list = useRef(/** @type {HTMLElement|null} */ (null));
  const cache = useRef(/** @type {Map<string, any>} */ (new Map()));
  const settled = useRef(/** @type {any} */ (null));
  const lastTop = useRef(0);
  const [away, setAway] = useState(false);
  const keys = useLogKeys(list, focusComposer);
  const win = timeline.win.value;
  const busy = timeline.busy.value;
  const divider = timeline.divider.value;
  const conversation = conversations.value.get(timeline.id);
  const live = win ? isLive(win) : false;
  const rows = win ? rowsOf(win.messages, live ? pendingOf(timeline.id) : [], { divider, start: !hasOlder(win) }) : [];
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
    if (settled.current !== wish && (!seq || rowAt(inner, keyFor(win, seq)))) {
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
      if (!now?.messages.some((m) => m.seq === seq)) timeline.load(seq);
    } else timeline.enter();
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
  if (row.type === 'start') return html`<div key="start" data-key="start" class="log-start"><h2><bdi>${conversation?.name}</bdi></h2><p>${conversation?.kind === 'note' ? t('timeline.start_note') : t('timeline.start', { name: conversation?.name ?? '' })}</p></div>`;
  if (row.type === 'day') return html`<div key=${row.key} data-key=${row.key} class="log-day" role="separator"><span>${fmt.day(row.at)}</span></div>`;
  if (row.type === 'divider') return html`<div key="divider" data-key="divider" class="log-divider" role="separator"><span>${t('timeline.new')}</span></div>`;
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
