// @ts-check
// A bounded, contiguous run of messages out of a history that may be of any length. Pure.

export const WINDOW_MAX = 300;
/** How many arrivals are kept below a reader who is not at the end. */
export const SURPLUS_MAX = 60;

/** @typedef {{messages: any[], first: number, last: number}} Window `first`, `last`: what the server has */

/** @param {{messages: any[], first_seq: number, last_seq: number}} page @returns {Window} */
export function fromPage(page) {
  return { messages: page.messages.slice(-WINDOW_MAX), first: page.first_seq, last: Math.max(page.last_seq, page.messages.at(-1)?.seq ?? 0) };
}

/** @param {Window} win */
export const hasOlder = (win) => win.messages.length > 0 && win.messages[0].seq > win.first;
/** @param {Window} win */
export const isLive = (win) => (win.messages.at(-1)?.seq ?? win.last) >= win.last;

/** @param {Window} win @param {any[]} older ascending @returns {Window} trimmed at the far end */
export function prepend(win, older) {
  const start = win.messages[0]?.seq ?? Infinity;
  const messages = [...older.filter((m) => m.seq < start), ...win.messages];
  return { ...win, messages: messages.slice(0, WINDOW_MAX) };
}

/** @param {Window} win @param {any[]} newer ascending @param {number} last @returns {Window} */
export function append(win, newer, last) {
  const end = win.messages.at(-1)?.seq ?? 0;
  const messages = [...win.messages, ...newer.filter((m) => m.seq > end)];
  return { ...win, messages: messages.slice(-WINDOW_MAX), last: Math.max(win.last, last) };
}

/**
 * A message that just came. It is added only where it follows without a gap; else the window merely learns that there
 * is more. A reader away from the end (`pinned` false) never loses what is above.
 * @param {Window} win @param {any} message @param {boolean} pinned @returns {Window}
 */
export function arrive(win, message, pinned) {
  const end = win.messages.at(-1)?.seq ?? win.last;
  const last = Math.max(win.last, message.seq);
  if (message.seq <= end) return last === win.last ? win : { ...win, last };
  const room = pinned || win.messages.length < WINDOW_MAX + SURPLUS_MAX;
  const follows = message.seq === end + 1 || (win.messages.length === 0 && isLive(win));
  if (!follows || !room) return { ...win, last };
  const messages = [...win.messages, message];
  return { ...win, messages: pinned ? messages.slice(-WINDOW_MAX) : messages, last };
}

/** @param {Window} win @param {any} message @returns {Window} */
export function replace(win, message) {
  const at = win.messages.findIndex((m) => m.seq === message.seq);
  if (at < 0) return win;
  const messages = win.messages.slice();
  messages[at] = message;
  return { ...win, messages };
}
