// @ts-check
// The loaded part of each conversation that was looked at lately, and what keeps it up to date.
import { signal, batch } from '../vendor/preact.js';
import { api } from './api.js';
import { changeConversation, conversations, currentId, focused, me, people, putPeople } from './state.js';
import { append, arrive, fromPage, hasOlder, isLive, prepend, replace } from './window.js';
import { firstUnread } from './rows.js';

const PAGE = 60;
const UNREAD_PAGE_MAX = 160;
const KEPT_MAX = 6;
const READ_PAUSE_MS = 400;

/** One conversation's timeline: signals for the view, fetches for the scroll. */
export class Timeline {
  /** @param {string} id */
  constructor(id) {
    this.id = id;
    this.win = signal(/** @type {import('./window.js').Window|null} */ (null));
    this.busy = signal(/** @type {'load'|'older'|'newer'|null} */ (null));
    this.failed = signal(/** @type {any} */ (null));
    /** Where the line "New messages" stands; it does not move while one reads. */
    this.divider = signal(/** @type {number|null} */ (null));
    /** The reader is at the end, so that new messages scroll in. Set by the view. */
    this.pinned = true;
    /** Where the reader left: `{key, top}` of the first visible row. Set by the view. */
    this.place = /** @type {{key: string, top: number}|null} */ (null);
    this.readTimer = 0;
  }

  get conversation() { return conversations.value.get(this.id); }

  /** Shown (again): loads what is missing and says where the unread begins. */
  enter() {
    const win = this.win.peek();
    const { unread = 0, read_seq = 0 } = this.conversation ?? {};
    if (!win || (unread && !isLive(win))) { this.load(); return; }
    if (unread && this.divider.peek() === null) this.divider.value = firstUnread(win.messages, read_seq, me.peek()?.username);
  }

  /** Left: on return the line stands where it then belongs. */
  leave() { this.divider.value = null; }

  /** @param {string} query */
  async fetch(query) {
    const page = await api.get(`/conversations/${encodeURIComponent(this.id)}/messages?${query}`);
    const unknown = new Map(page.messages.map((/** @type {any} */ m) => [m.author.username, m.author]));
    for (const username of people.peek().keys()) unknown.delete(username);
    putPeople([...unknown.values()]);
    return page;
  }

  /** Loads from nothing: around `seq`, else around what is unread, else the end. @param {number} [seq] */
  async load(seq) {
    this.busy.value = 'load';
    this.failed.value = null;
    const { unread = 0, read_seq = 0, last_seq = 0 } = this.conversation ?? {};
    const behind = last_seq - read_seq;
    let query = `limit=${PAGE}`;
    if (seq) query = `around=${seq}&limit=${PAGE}`;
    else if (unread && behind > UNREAD_PAGE_MAX - 30) query = `around=${read_seq + 1}&limit=${PAGE * 2}`;
    else if (unread) query = `limit=${Math.max(PAGE, behind + 30)}`;
    try {
      const page = await this.fetch(query);
      batch(() => {
        this.win.value = fromPage(page);
        this.divider.value = unread ? firstUnread(page.messages, read_seq, me.value?.username) : null;
        this.busy.value = null;
      });
    } catch (error) {
      batch(() => { this.failed.value = error; this.busy.value = null; });
    }
  }

  /** One page towards the past; one request at a time. */
  async older() {
    const win = this.win.peek();
    if (this.busy.peek() || !win || !hasOlder(win)) return;
    this.busy.value = 'older';
    try {
      const page = await this.fetch(`before=${win.messages[0].seq}&limit=${PAGE}`);
      batch(() => {
        const now = /** @type {any} */ (this.win.peek());
        // An empty page although more was promised: that is the start.
        this.win.value = page.messages.length ? { ...prepend(now, page.messages), first: page.first_seq } : { ...now, first: now.messages[0].seq };
        this.busy.value = null;
      });
    } catch { this.busy.value = null; }
  }

  /** Pages towards the present, as far as one page. */
  async newer() {
    const win = this.win.peek();
    if (this.busy.peek() || !win || isLive(win)) return;
    this.busy.value = 'newer';
    try {
      const page = await this.fetch(`after=${win.messages.at(-1)?.seq ?? 0}&limit=${PAGE}`);
      batch(() => {
        const now = /** @type {any} */ (this.win.peek());
        this.win.value = append(now, page.messages, page.last_seq);
        this.busy.value = null;
      });
    } catch { this.busy.value = null; }
  }

  /** The end, whatever is loaded now. */
  async latest() {
    const win = this.win.peek();
    if (win && isLive(win)) return;
    const page = await this.fetch(`limit=${PAGE}`).catch(() => null);
    if (page) this.win.value = fromPage(page);
  }

  /** @param {any} message */
  arrived(message) {
    const win = this.win.peek();
    if (!win) return;
    const here = currentId.peek() === this.id;
    const own = message.author.username === me.peek()?.username;
    if (here && !own && !focused.peek()) {
      const c = this.conversation;
      const read = win.messages.at(-1)?.seq ?? 0;
      // Everything before was read: the line goes before the first message that came while one was away.
      if (this.divider.peek() === null || (c && c.read_seq >= read)) this.divider.value = message.seq;
    }
    if (here && own && message.key) this.divider.value = null;
    this.win.value = arrive(win, message, here ? this.pinned : true);
  }

  /** @param {any} message */
  changed(message) {
    const win = this.win.peek();
    if (win) this.win.value = replace(win, message);
  }

  /** Tells the server how far one has read; only forward, not at every pixel. @param {number} seq */
  readTo(seq) {
    const c = this.conversation;
    if (!c || seq <= c.read_seq || !focused.peek()) return;
    clearTimeout(this.readTimer);
    this.readTimer = setTimeout(() => {
      const own = me.peek()?.username;
      changeConversation(this.id, (now) => {
        const left = (this.win.peek()?.messages ?? []).filter((m) => m.seq > seq && m.author.username !== own && !m.deleted).length;
        return { read_seq: Math.max(now.read_seq, seq), unread: seq >= now.last_seq ? 0 : Math.min(now.unread, left || now.unread), mentions: seq >= now.last_seq ? 0 : now.mentions };
      });
      api.put(`/conversations/${encodeURIComponent(this.id)}/read`, { seq }).catch(() => {});
    }, READ_PAUSE_MS);
  }
}

/** @type {Map<string, Timeline>} oldest use first */
const kept = new Map();

/** @param {string} id @returns {Timeline} */
export function timelineOf(id) {
  const timeline = kept.get(id) ?? new Timeline(id);
  kept.delete(id);
  kept.set(id, timeline);
  if (kept.size > KEPT_MAX) kept.delete(/** @type {string} */ (kept.keys().next().value));
  return timeline;
}

/** @param {string} id */
export function knownTimeline(id) { return kept.get(id) ?? null; }

/** After a gap in the events: nothing that is loaded can be trusted. */
export function forgetTimelines() {
  for (const [id, timeline] of kept) {
    if (id === currentId.peek()) timeline.load(); else kept.delete(id);
  }
}
export function dropTimelines() { kept.clear(); }
