// @ts-check
// Geometry of the log: which row is where, and keeping it there while rows come and go above.

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
