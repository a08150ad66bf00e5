// @ts-check
// What is loaded of each conversation: a bounded window of its messages, the rows they make, what is on its way into it.
import { batch, effect, signal } from '../vendor/preact.js';
import { api, contents, onEvent } from './net.js';
import { changeConversation, conversations, currentId, focused, me, people, putPeople, queue } from './state.js';

export const WINDOW_MAX = 300;
/** How many arrivals are kept below a reader who is not at the end. */
export const SURPLUS_MAX = 60;

/**
 * Numbers have holes: an edit, a deletion and a reaction take one each and are no messages. So whether a window ends where
 * the conversation does is known from how it was fetched, not from numbers.
 * @typedef {{messages: any[], first: number, live: boolean}} Window `first`: the first that the server has
 */

/** @param {{messages: any[], first_seq: number}} page @param {boolean} live nothing follows it @returns {Window} */
export function fromPage(page, live) {
  return { messages: page.messages.slice(-WINDOW_MAX), first: page.first_seq, live };
}

/** @param {Window} win */
export const hasOlder = (win) => win.messages.length > 0 && win.messages[0].seq > win.first;
/** @param {Window} win */
export const isLive = (win) => win.live;

/** @param {Window} win @param {any[]} older ascending @returns {Window} trimmed at the far end */
export function prepend(win, older) {
  const start = win.messages[0]?.seq ?? Infinity;
  const messages = [...older.filter((m) => m.seq < start), ...win.messages];
  return { ...win, messages: messages.slice(0, WINDOW_MAX), live: win.live && messages.length <= WINDOW_MAX };
}

/** @param {Window} win @param {any[]} newer ascending @param {boolean} live nothing follows them @returns {Window} */
export function append(win, newer, live) {
  const end = win.messages.at(-1)?.seq ?? 0;
  const messages = [...win.messages, ...newer.filter((m) => m.seq > end)];
  return { ...win, messages: messages.slice(-WINDOW_MAX), live };
}

/**
 * A message that just came. It is added where the window ends with the conversation; else, or when there is no room, it is
 * not here yet. A reader away from the end (`pinned` false) never loses what is above.
 * @param {Window} win @param {any} message @param {boolean} pinned @returns {Window}
 */
export function arrive(win, message, pinned) {
  const end = win.messages.at(-1)?.seq ?? 0;
  if (message.seq <= end) return between(win, message);
  if (!win.live) return win;
  if (!pinned && win.messages.length >= WINDOW_MAX + SURPLUS_MAX) return { ...win, live: false };
  const messages = [...win.messages, message];
  // Cut now and then, not at every arrival: each cut moves everything that is drawn.
  return { ...win, messages: pinned && messages.length > WINDOW_MAX + SURPLUS_MAX ? messages.slice(-WINDOW_MAX) : messages };
}

/** The answer to what one sent may come before the news of what others said earlier. @param {Window} win @param {any} message @returns {Window} */
function between(win, message) {
  const at = win.messages.findIndex((m) => m.seq >= message.seq);
  if (at < 0 || win.messages[at].seq === message.seq || (at === 0 && hasOlder(win))) return win;
  return { ...win, messages: win.messages.toSpliced(at, 0, message) };
}

/** @param {Window} win @param {any} message @returns {Window} */
export function replace(win, message) {
  const at = win.messages.findIndex((m) => m.seq === message.seq);
  if (at < 0) return win;
  const messages = win.messages.slice();
  messages[at] = message;
  return { ...win, messages };
}

/** Messages by one author within this time of each other stand together. */
export const RUN_MS = 5 * 60_000;

/** Somebody came into a room or left it after the message `after`; `again`: one came back oneself. @typedef {{n: number, after: number, event: 'entered'|'left'|'again', username: string, name: string}} Note */
export const NOTES_MAX = 200;

/** @param {string|number} at @returns {string} the day in the reader's own zone */
export function dayOf(at) {
  const date = new Date(at);
  return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;
}

/** The same for a message while it is sent and after: that keeps its node. @param {any} message */
export const keyOf = (message) => (message.key ? `k${message.key}` : `s${message.seq}`);

/** One's own that its home, another realm, has not numbered: there is nothing to do with it, and its file is not there yet. @param {any} m */
export const asWaiting = (m) => ({ ...m, seq: undefined, key: m.key ?? m.at, pending: m.delivery, file: m.file && { ...m.file, url: '', width: 0 } });

/**
 * @param {any[]} messages ascending @param {any[]} pending not yet acknowledged, oldest first
 * @param {{divider: number|null, start: boolean, notes?: Note[]}} options `notes`: who came and went, oldest first
 * @returns {any[]} rows `{type: 'start'|'day'|'divider'|'moves'|'message', key, …}`
 */
export function rowsOf(messages, pending, { divider, start, notes = [] }) {
  const rows = /** @type {any[]} */ ([]);
  if (start) rows.push({ type: 'start', key: 'start' });
  let [day, latest] = ['', ''];
  let previous = /** @type {any} */ (null);
  // What was typed at a terminal has no key; on its way and after, it has one time.
  const seen = new Set(messages.flatMap((m) => [m.key, m.at]));
  let told = 0;
  /** All that happened before the message with that number, in one row. @param {number} seq */
  const moves = (seq) => {
    const from = told;
    while (told < notes.length && notes[told].after < seq) told += 1;
    // What happened before the first loaded message has its place above it.
    if (told === from || (!rows.length && messages.length > 0)) return;
    rows.push({ type: 'moves', key: `n${notes[from].n}`, notes: notes.slice(from, told) });
    previous = null;
  };
  for (const message of [...messages, ...pending.filter((p) => !seen.has(p.key))]) {
    moves(message.seq ?? Infinity);
    const today = dayOf(message.at);
    // What was long on its way stands where it came: no day begins again for it.
    if (today !== day && message.at >= latest) {
      rows.push({ type: 'day', key: `d${today}`, at: message.at });
      previous = null;
      [day, latest] = [today, message.at];
    }
    if (divider !== null && message.seq === divider) {
      rows.push({ type: 'divider', key: 'divider' });
      previous = null;
    }
    const run = previous && previous.author.username === message.author.username && !message.reply_to
      && Date.parse(message.at) - Date.parse(previous.at) < RUN_MS;
    rows.push({ type: 'message', key: keyOf(message), message, first: !run });
    previous = message;
  }
  moves(Infinity);
  return rows;
}

/** The first message past `read` that is not one's own. @param {any[]} messages @param {number} read @param {string} own */
export function firstUnread(messages, read, own) {
  return messages.find((m) => m.seq > read && m.author.username !== own)?.seq ?? null;
}

const PAGE = 60;
const UNREAD_PAGE_MAX = 160;
const KEPT_MAX = 6;
const READ_PAUSE_MS = 400;
/** How much of what came while a page was on its way is remembered. */
const COME_MAX = 500;
/** What could not be fetched is not asked for again before that. */
const FAILED_PAUSE_MS = 2_000;
const FAILED_PAUSE_MAX_MS = 30_000;
/** @param {number} ms */
const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

/** One conversation's timeline: signals for the view, fetches for the scroll. */
export class Timeline {
  /** @param {string} id */
  constructor(id) {
    this.id = id;
    this.win = signal(/** @type {import('./history.js').Window|null} */ (null));
    this.busy = signal(/** @type {'load'|'older'|'newer'|null} */ (null));
    this.failed = signal(/** @type {any} */ (null));
    this.notes = signal(/** @type {Note[]} */ ([]));
    /** Accepted here, and on the way to the home of the conversation (delivery.js). */
    this.waiting = signal(/** @type {any[]} */ ([]));
    /** Where the line "New messages" stands; it does not move while one reads. */
    this.divider = signal(/** @type {number|null} */ (null));
    /** The reader is at the end, so that new messages scroll in. Set by the view. */
    this.pinned = true;
    /** Where the reader left: `{key, top}` of the first visible row. Set by the view. */
    this.place = /** @type {{key: string, top: number}|null} */ (null);
    this.readTimer = 0;
    /** What came and what changed since the last page was asked for. @type {{message: any, changed: boolean}[]} */
    this.come = [];
    /** More came than is remembered. */
    this.spilled = false;
    /** Counts the windows: a page that was asked for by an earlier one has no place in this one. */
    this.turn = 0;
    /** Something was missed since the window was loaded: it may not be continued. */
    this.stale = false;
  }

  get conversation() { return conversations.value.get(this.id); }

  /** Shown (again): loads what is missing and says where the unread begins. */
  enter() {
    const win = this.win.peek();
    const { unread = 0, read_seq = 0 } = this.conversation ?? {};
    if (!win || this.stale || (unread && !isLive(win))) { this.load(); return; }
    this.remain();
    if (unread && this.divider.peek() === null) this.divider.value = firstUnread(win.messages, read_seq, me.peek()?.username);
  }

  /** Left: on return the line stands where it then belongs. */
  leave() { this.divider.value = null; }

  /** @param {any} page @param {boolean} live */
  show(page, live) {
    this.stale = false;
    this.win.value = this.withCome(fromPage(page, live));
  }

  /** What came while the page was on its way may not be on it, and what is on it may have changed. @param {Window} win */
  withCome(win) {
    const all = this.come.reduce((now, { message, changed }) => (changed ? replace(now, message) : arrive(now, message, true)), win);
    return this.spilled ? { ...all, live: false } : all;
  }

  /** @param {string} query */
  async fetch(query) {
    this.come = [];
    this.spilled = false;
    const page = await api.get(`/conversations/${encodeURIComponent(this.id)}/messages?${query}`);
    const unknown = new Map(page.messages.map((/** @type {any} */ m) => [m.author.username, m.author]));
    for (const username of people.peek().keys()) unknown.delete(username);
    putPeople([...unknown.values()]);
    return page;
  }

  /** Loads from nothing: around `seq`, else around what is unread, else the end. @param {number} [seq] */
  async load(seq) {
    const turn = this.begin('load');
    this.failed.value = null;
    const { unread = 0, read_seq = 0, last_seq = 0 } = this.conversation ?? {};
    const behind = last_seq - read_seq;
    let [around, limit] = [0, PAGE];
    if (seq) around = seq;
    else if (unread && behind > UNREAD_PAGE_MAX - 30) [around, limit] = [read_seq + 1, PAGE * 2];
    else if (unread) limit = Math.max(PAGE, behind + 30);
    try {
      const page = await this.fetch(around ? `around=${around}&limit=${limit}` : `limit=${limit}`);
      if (turn !== this.turn) return;
      // Fewer than half a page behind the one in the middle: there are no more.
      const live = !around || page.messages.filter((/** @type {any} */ m) => m.seq > around).length < Math.floor((limit - 1) / 2);
      batch(() => {
        this.show(page, live);
        this.divider.value = unread ? firstUnread(page.messages, read_seq, me.value?.username) : null;
        this.busy.value = null;
      });
    } catch (error) {
      if (turn !== this.turn) return;
      batch(() => {
        const win = this.win.peek();
        if (win && this.stale) this.win.value = { ...win, live: false };
        this.failed.value = error;
        this.busy.value = null;
      });
    }
  }

  /** A new window: nothing that is on its way belongs to it. @param {'load'|'older'|'newer'} what */
  begin(what) {
    this.turn += 1;
    this.busy.value = what;
    return this.turn;
  }

  /** What is loaded is what is wanted: a window that is on its way is not. */
  remain() {
    if (this.busy.peek() !== 'load' || !this.win.peek()) return;
    this.turn += 1;
    this.busy.value = null;
  }

  /**
   * One more page for this window; one request at a time.
   * @param {'older'|'newer'} what @param {string} query @param {(win: Window, page: any) => Window} put
   */
  async more(what, query, put) {
    const turn = this.begin(what);
    const page = await this.fetch(query).catch(() => null);
    // Drawing asks for what is missing: without a pause it would ask again at once.
    if (!page) await pause(FAILED_PAUSE_MS);
    if (turn !== this.turn) return;
    batch(() => {
      const win = this.win.peek();
      if (page && win) this.win.value = this.withCome(put(win, page));
      this.busy.value = null;
    });
  }

  /** One page towards the past. */
  async older() {
    const win = this.win.peek();
    if (this.busy.peek() || !win || !hasOlder(win)) return;
    // An empty page although more was promised: that is the start.
    await this.more('older', `before=${win.messages[0].seq}&limit=${PAGE}`,
      (now, page) => (page.messages.length ? { ...prepend(now, page.messages), first: page.first_seq } : { ...now, first: now.messages[0].seq }));
  }

  /** Pages towards the present, as far as one page. */
  async newer() {
    const win = this.win.peek();
    if (this.busy.peek() || !win || isLive(win) || this.stale) return;
    await this.more('newer', `after=${win.messages.at(-1)?.seq ?? 0}&limit=${PAGE}`,
      (now, page) => append(now, page.messages, page.messages.length < PAGE));
  }

  /** The end, whatever is loaded now. */
  async latest() {
    const win = this.win.peek();
    if (win && isLive(win)) return;
    const turn = this.begin('load');
    const [page, error] = await this.fetch(`limit=${PAGE}`).then((got) => [got, null], (why) => [null, why]);
    if (turn !== this.turn) return;
    batch(() => {
      if (page) this.show(page, true);
      // Who sees something already can press again; an empty page says why it is empty.
      this.failed.value = win ? null : error;
      this.busy.value = null;
    });
  }

  /** What is loaded may have a gap at its end: nothing is added to it until it is loaded again. */
  async again() {
    const first = !this.stale;
    this.stale = true;
    await this.load();
    for (let ms = FAILED_PAUSE_MS; first && this.stale; ms = Math.min(ms * 2, FAILED_PAUSE_MAX_MS)) {
      await pause(ms);
      if (currentId.peek() !== this.id) return;
      if (this.stale && !this.busy.peek()) await this.load();
    }
  }

  /** @param {{message: any, changed: boolean}} one */
  remember(one) {
    if (!this.busy.peek()) return;
    this.spilled ||= this.come.length >= COME_MAX;
    if (!this.spilled) this.come.push(one);
  }

  /** @param {any} message */
  arrived(message) {
    if (message.seq === null) { this.waiting.value = [...this.waiting.peek().filter((w) => w.id !== message.id), asWaiting(message)]; return; }
    this.remember({ message, changed: false });
    const win = this.win.peek();
    if (!win || this.stale) return;
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

  /** @param {Pick<Note, 'event'|'username'|'name'>} what */
  note(what) {
    const known = this.notes.peek();
    const after = this.win.peek()?.messages.at(-1)?.seq ?? 0;
    this.notes.value = [...known, { ...what, after, n: (known.at(-1)?.n ?? 0) + 1 }].slice(-NOTES_MAX);
  }

  /** Something may have been missed: one was out of the room. Who reads further up stays there. */
  async missed() {
    const win = this.win.peek();
    if (win && isLive(win) && this.pinned) await this.again();
    else if (win) this.win.value = { ...win, live: false };
  }

  /** @param {any} message */
  changed(message) {
    this.remember({ message, changed: true });
    const win = this.win.peek();
    if (win) this.win.value = replace(win, message);
  }

  /** Tells the server how far one has read; only forward, not at every pixel. @param {number} seq */
  readTo(seq) {
    const c = this.conversation;
    if (!c || seq <= c.read_seq || !focused.peek()) return;
    clearTimeout(this.readTimer);
    this.readTimer = setTimeout(async () => {
      const win = this.win.peek();
      const all = win !== null && isLive(win) && !this.stale && seq >= (win.messages.at(-1)?.seq ?? 0);
      // Only the server has all that is unread: a window is a part of it.
      changeConversation(this.id, (now) => ({ read_seq: Math.max(now.read_seq, seq), ...(all ? { unread: 0, mentions: 0 } : {}) }));
      const before = this.conversation?.last_seq;
      const answer = await api.put(`/conversations/${encodeURIComponent(this.id)}/read`, { seq }).catch(() => null);
      // What came since then is counted by its own event, which is newer than this answer.
      if (!answer || this.conversation?.last_seq !== before) return;
      changeConversation(this.id, (now) => (answer.seq >= now.read_seq ? { read_seq: answer.seq, unread: answer.unread, mentions: answer.mentions } : {}));
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
function forgetTimelines() {
  for (const [id, timeline] of kept) {
    if (id === currentId.peek()) timeline.again(); else kept.delete(id);
  }
}

/** The way is open again: what could not be loaded is. */
function loadAgain() {
  const timeline = knownTimeline(currentId.peek() ?? '');
  if (timeline && (timeline.stale || timeline.failed.peek()) && !timeline.busy.peek()) timeline.load();
}

// What the server tells about messages goes where they are loaded.
for (const type of ['message', 'delivered']) onEvent(type, ({ message }) => knownTimeline(message.conversation)?.arrived(message));
onEvent('changed', ({ message }) => knownTimeline(message.conversation)?.changed(message));
onEvent('resync', forgetTimelines);
onEvent('hello', loadAgain);
effect(() => { if (!me.value) kept.clear(); });

/** @type {WeakMap<object, any>} the same object for the same state, so that a row is not drawn twice */
const shapes = new WeakMap();
/** The pictures on their way, to be looked at meanwhile, by client key. @type {Map<string, string>} */
const addresses = new Map();
// Each keeps its file in memory until it is given back: sent, deleted or signed out.
effect(() => {
  const waiting = new Set(queue.items.value.map((item) => item.key));
  for (const [key, url] of addresses) if (!waiting.has(key) && addresses.delete(key)) URL.revokeObjectURL(url);
});

/** @param {string} id */
export function pendingOf(id) {
  return queue.items.value.filter((i) => i.conversation === id).map((item) => {
    const known = shapes.get(item);
    if (known) return known;
    const blob = item.file ? contents.get(item.key) : null;
    if (blob && !addresses.has(item.key)) addresses.set(item.key, URL.createObjectURL(blob));
    const shape = {
      key: item.key, conversation: id, seq: undefined, author: { username: me.value?.username, name: me.value?.name }, at: item.at,
      text: item.text, file: item.file ?? null, local: blob ? addresses.get(item.key) : undefined, reply_to: item.reply_to, edited_at: null, deleted: false,
      reactions: [], pending: item.state, error: item.error, sent: item.sent, upload: item.upload,
    };
    shapes.set(item, shape);
    return shape;
  });
}
