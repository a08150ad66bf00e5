// @ts-check
// Messages to the rows of a timeline: days, the unread line, runs by one author. Pure.

/** Messages by one author within this time of each other stand together. */
export const RUN_MS = 5 * 60_000;

/** @param {string|number} at @returns {string} the day in the reader's own zone */
export function dayOf(at) {
  const date = new Date(at);
  return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;
}

/** The same for a message while it is sent and after: that keeps its node. @param {any} message */
export const keyOf = (message) => (message.key ? `k${message.key}` : `s${message.seq}`);

/**
 * @param {any[]} messages ascending @param {any[]} pending not yet acknowledged, oldest first
 * @param {{divider: number|null, start: boolean}} options
 * @returns {any[]} rows `{type: 'start'|'day'|'divider'|'message', key, …}`
 */
export function rowsOf(messages, pending, { divider, start }) {
  const rows = /** @type {any[]} */ ([]);
  if (start) rows.push({ type: 'start', key: 'start' });
  let day = '';
  let previous = /** @type {any} */ (null);
  const seen = new Set(messages.map((m) => m.key).filter(Boolean));
  for (const message of [...messages, ...pending.filter((p) => !seen.has(p.key))]) {
    const today = dayOf(message.at);
    if (today !== day) {
      rows.push({ type: 'day', key: `d${today}`, at: message.at });
      previous = null;
      day = today;
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
  return rows;
}

/** The first message past `read` that is not one's own. @param {any[]} messages @param {number} read @param {string} own */
export function firstUnread(messages, read, own) {
  return messages.find((m) => m.seq > read && m.author.username !== own)?.seq ?? null;
}
