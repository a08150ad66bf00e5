// @ts-check
// A found text cut to what a result shows, with the matches marked. Pure.

/** @typedef {{text: string, hit: boolean}} Segment */

/**
 * @param {string} text @param {[number, number][]} matches in UTF-16 units, as the API gives them; in any order
 * @returns {Segment[]} at most about `length` units around the first match
 */
export function excerpt(text, matches, length = 280) {
  const sound = merged(matches, text.length);
  const lead = 60;
  let from = Math.max(0, (sound[0]?.[0] ?? 0) - lead);
  if (text.length <= length) from = 0;
  // Not in the middle of a word or of a pair of surrogates.
  else if (from > 0) from = wordStart(text, from);
  let to = Math.min(text.length, from + length);
  if (to < text.length && isLow(text, to)) to -= 1;
  const segments = /** @type {Segment[]} */ ([]);
  const put = (/** @type {number} */ a, /** @type {number} */ b, /** @type {boolean} */ hit) => { if (b > a) segments.push({ text: text.slice(a, b), hit }); };
  if (from > 0) segments.push({ text: '…', hit: false });
  let at = from;
  for (const [a, b] of sound) {
    if (b <= from || a >= to) continue;
    put(at, Math.max(a, from), false);
    put(Math.max(a, from), Math.min(b, to), true);
    at = Math.min(b, to);
  }
  put(at, to, false);
  if (to < text.length) segments.push({ text: '…', hit: false });
  return segments;
}

/** @param {[number, number][]} matches @param {number} end */
function merged(matches, end) {
  const out = /** @type {[number, number][]} */ ([]);
  for (const [a, b] of [...matches].map(([x, y]) => /** @type {[number, number]} */ ([Math.max(0, x), Math.min(end, y)])).filter(([x, y]) => y > x).sort((x, y) => x[0] - y[0])) {
    const last = out.at(-1);
    if (last && a <= last[1]) last[1] = Math.max(last[1], b); else out.push([a, b]);
  }
  return out;
}

const isLow = (/** @type {string} */ text, /** @type {number} */ at) => /[\uDC00-\uDFFF]/.test(text[at] ?? '');

/** @param {string} text @param {number} at */
function wordStart(text, at) {
  const space = text.indexOf(' ', at);
  const start = space >= 0 && space - at < 20 ? space + 1 : at;
  return isLow(text, start) ? start + 1 : start;
}
