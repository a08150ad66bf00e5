// @ts-check
// Messages found somewhere: who, where, when, and the words around what was looked for. Search and mentions share it.
import { h, html } from '../vendor/preact.js';
import { fmt, t } from './i18n.js';
import { pathTo } from './router.js';
import { conversations } from './state.js';
import { Avatar, Icon, titleOf } from './ui.js';

export function Results(/** @type {{results: any[], next: any, more: () => void, busy: boolean}} */ { results, next, more, busy }) {
  // Arrows walk the results; the links stay ordinary tab stops.
  const walk = (/** @type {any} */ event) => {
    const links = [...event.currentTarget.querySelectorAll('a.result')];
    const at = links.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1 }[/** @type {string} */ (event.key)];
    if (to === undefined || at < 0 || !links[to] || event.altKey) return;
    event.preventDefault();
    links[to].focus();
  };
  return html`<ol class="results" onKeyDown=${walk}>${results.map((one) => h(Result, { key: `${one.conversation.id}/${one.message.seq}`, one }))}</ol>
    ${next && html`<button type="button" class="button button-wide" disabled=${busy} onClick=${more}>${t('search.more')}</button>`}`;
}

function Result(/** @type {any} */ { one: { message, conversation, matches } }) {
  const known = conversations.value.get(conversation.id);
  return html`<li><a class="result" href=${pathTo(conversation.id, message.seq)}>
    ${h(Avatar, { user: message.author })}
    <span class="result-text">
      <span class="result-top"><bdi class="row-name">${message.author.name}</bdi><span class="result-where"><bdi>${known ? titleOf(known) : conversation.name}</bdi></span>
        <time class="chat-time" datetime=${message.at} title=${fmt.dateTime(message.at)}>${fmt.brief(message.at)}</time></span>
      ${message.text && html`<span class="result-line" dir="auto">${excerpt(message.text, matches).map((s, i) => (s.hit ? html`<mark key=${i}>${s.text}</mark>` : s.text))}</span>`}
      ${message.file && html`<span class="result-file">${h(Icon, { name: 'file' })}<bdi>${message.file.name}</bdi> · ${fmt.bytes(message.file.size)}</span>`}
    </span>
  </a></li>`;
}

export function ResultSkeleton() {
  return html`<div class="results" aria-busy="true">${[0, 1, 2, 3].map((i) => html`<div class="result" key=${i}><span class="skeleton skeleton-avatar"></span><span class="result-text"><span class="skeleton skeleton-line"></span><span class="skeleton skeleton-line"></span></span></div>`)}</div>`;
}

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
