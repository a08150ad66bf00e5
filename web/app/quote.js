// @ts-check
// The message a reply answers, in one line; fetched when it is not among those that are loaded.
import { h, html, signal, useEffect } from '../vendor/preact.js';
import { api } from './api.js';
import { hueOf } from './avatar.js';
import { t } from './i18n.js';
import { Icon } from './icons.js';
import { pathTo } from './router.js';
import { firstWords } from './text.js';
import { knownTimeline } from './timelines.js';

const FETCHED_MAX = 200;
/** `null`: it is not there (any more). */
const fetched = signal(/** @type {Map<string, any>} */ (new Map()));

/** @param {string} conversation @param {number} seq */
export function messageAt(conversation, seq) {
  return knownTimeline(conversation)?.win.value?.messages.find((m) => m.seq === seq) ?? fetched.value.get(`${conversation}/${seq}`);
}

/** @param {string} conversation @param {number} seq */
async function fetchOne(conversation, seq) {
  const address = `${conversation}/${seq}`;
  const page = await api.get(`/conversations/${encodeURIComponent(conversation)}/messages?after=${seq - 1}&limit=1`).catch(() => null);
  const found = page?.messages.find((/** @type {any} */ m) => m.seq === seq) ?? null;
  const next = new Map(fetched.value).set(address, found);
  if (next.size > FETCHED_MAX) next.delete(/** @type {string} */ (next.keys().next().value));
  fetched.value = next;
}

/** @param {{conversation: string, seq: number, reach: number}} props */
export function Quote({ conversation, seq, reach }) {
  const message = messageAt(conversation, seq);
  useEffect(() => { if (message === undefined) fetchOne(conversation, seq); }, [conversation, seq, message === undefined]);
  if (!message) return html`<div class="quote">${message === null ? t('message.quote_gone') : '…'}</div>`;
  return html`<a class="quote" href=${pathTo(conversation, seq)} tabindex=${reach} title=${t('message.quote_open')}>
    ${h(Icon, { name: 'reply' })}<bdi class=${`quote-name hue-${hueOf(message.author.username)}`}>${message.author.name}</bdi>
    <span class="quote-text" dir="auto">${wordsOf(message)}</span>
  </a>`;
}

/** @param {any} m */
export function wordsOf(m) {
  if (m.deleted) return t('message.deleted');
  return firstWords(m.text || m.file?.name || '');
}
