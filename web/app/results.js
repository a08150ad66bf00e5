// Messages found somewhere: who, where, when, and the words around what was looked for. Search and mentions share it.
import { h, html } from '../vendor/preact.js';
import { Avatar } from './avatar.js';
import { excerpt } from './excerpt.js';
import { fmt, t } from './i18n.js';
import { Icon } from './icons.js';
import { titleOf } from './naming.js';
import { pathTo } from './router.js';
import { conversations } from './state.js';

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
