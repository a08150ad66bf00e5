// @ts-check
// One message: who, when, what; what became of it.
import { h, html, signal, useEffect } from '../vendor/preact.js';
import { knownTimeline } from './history.js';
import { fmt, t } from './i18n.js';
import { api, onEvent } from './net.js';
import { pathTo } from './router.js';
import { me, people } from './state.js';
import { firstWords, mentionsOf, onlyEmoji, parseText } from './text.js';
import { Avatar, hueOf, Icon, lazy } from './ui.js';

// What is needed only once somebody does something; fetched as soon as the first messages are on the screen.
const Editor = lazy(() => import('./deeds.js'), 'Editor');
const Tools = lazy(() => import('./deeds.js'), 'Tools');
const Delivery = lazy(() => import('./delivery.js'), 'Delivery');
const Unsent = lazy(() => import('./unsent.js'), 'Unsent');
/** @param {string} name @param {any[]} given */
const deed = (name, ...given) => import('./deeds.js').then((/** @type {any} */ m) => m[name](...given));

/** The message that is being edited in place: `conversation/seq`. */
export const editing = signal(/** @type {string|null} */ (null));
/** @param {any} m */
export const addressOf = (m) => `${m.conversation}/${m.seq}`;
/** @param {any} m */
export const mayEdit = (m) => !m.deleted && !m.pending && m.author.username === me.value?.username && !(m.file && !m.text);

/**
 * @param {{message: any, rowKey: string, first: boolean, active: boolean, shown: boolean, tool: boolean, edit: boolean, height: number, focusComposer: () => void}} props
 * `active`: the one that Tab reaches; `shown`: pointed at by an address; `tool`: its toolbar is drawn;
 * `height`: a guess, for its place while it is off the screen
 */
export function Message({ message, rowKey, first, active, shown, tool, edit, height, focusComposer }) {
  const reach = active ? 0 : -1;
  const mention = !message.deleted && me.value && message.author.username !== me.value.username && mentionsOf(message.text, me.value.username);
  const classes = ['message', first ? 'message-first' : '', mention ? 'message-mention' : '', shown ? 'message-shown' : '', message.pending ? `message-${message.pending}` : ''];
  return html`<article class=${classes.filter(Boolean).join(' ')} data-seq=${message.seq} data-key=${rowKey} style=${{ containIntrinsicBlockSize: `auto ${height}px` }} tabindex=${reach} aria-label=${spoken(message)}>
    ${message.reply_to && !message.deleted && h(Quote, { conversation: message.conversation, seq: message.reply_to, reach })}
    <div class="message-side">${first ? h(Avatar, { user: message.author }) : html`<time class="message-when" datetime=${message.at} title=${fmt.dateTime(message.at)}>${fmt.time(message.at)}</time>`}</div>
    <div class="message-main">
      ${first && html`<div class="message-head"><bdi class=${`message-author hue-${hueOf(message.author.username)}`}>${message.author.name}</bdi>
        ${message.author.realm && html`<bdi class="edited">${message.author.username}</bdi>`}
        <time datetime=${message.at} title=${fmt.dateTime(message.at)}>${fmt.time(message.at)}</time></div>`}
      ${edit ? h(Editor, { message, focusComposer }) : h(Body, { message, reach })}
      ${message.reactions?.length > 0 && h(Reactions, { message, reach })}
      ${message.delivery ? h(Delivery, { message }) : message.pending && h(Pending, { message })}
    </div>
    ${tool && !edit && !message.pending && !message.deleted && h(Tools, { message, reach, focusComposer })}
  </article>`;
}

/** @param {{message: any, reach: number}} props */
function Body({ message, reach }) {
  if (message.deleted) return html`<p class="tombstone">${h(Icon, { name: 'trash' })}${t('message.deleted')}</p>`;
  const edited = message.edited_at && html`<span class="edited" title=${fmt.dateTime(message.edited_at)}>${t('message.edited_mark')}</span>`;
  return html`<div class=${onlyEmoji(message.text) ? 'message-body message-emoji' : 'message-body'}>
    ${message.text && h(Rich, { text: message.text, reach })}${edited}
    ${message.file && h(Attachment, { file: message.file, reach, local: message.local })}
  </div>`;
}

// The tree of text.js as elements. Text goes in as text nodes; nothing here can become markup.

/** @param {{text: string, reach: number}} props `reach`: tabindex of what is inside */
export function Rich({ text, reach }) {
  return parseText(text).map((node, i) => block(node, i, reach));
}

/** @param {any} node @param {number} key @param {number} reach */
function block(node, key, reach) {
  if (node.type === 'code') return h(Code, { key, text: node.text, lang: node.lang, reach });
  if (node.type === 'quote') return html`<blockquote key=${key} dir="auto">${node.children.map((/** @type {any} */ n, /** @type {number} */ i) => piece(n, i, reach))}</blockquote>`;
  return html`<p key=${key} dir="auto">${node.children.map((/** @type {any} */ n, /** @type {number} */ i) => piece(n, i, reach))}</p>`;
}

/** @param {any} node @param {number} key @param {number} reach @returns {any} */
function piece(node, key, reach) {
  const inside = () => node.children.map((/** @type {any} */ n, /** @type {number} */ i) => piece(n, i, reach));
  switch (node.type) {
    case 'inline-code': return html`<code key=${key}>${node.text}</code>`;
    case 'link': return html`<a key=${key} href=${node.href} target="_blank" rel="noopener noreferrer nofollow" tabindex=${reach}>${node.text}</a>`;
    case 'bold': return html`<strong key=${key}>${inside()}</strong>`;
    case 'italic': return html`<em key=${key}>${inside()}</em>`;
    case 'mention': return h(Mention, { key, node });
    default: return node.text;
  }
}

/** @param {{node: any}} props */
function Mention({ node }) {
  const own = node.username === me.value?.username || node.username === 'all';
  const known = own || people.value.has(node.username);
  if (!known) return node.text;
  return html`<span class=${own ? 'mention mention-me' : 'mention'} title=${people.value.get(node.username)?.name ?? ''}>${node.text}</span>`;
}

/** @param {{text: string, lang: string, reach: number}} props */
function Code({ text, lang, reach }) {
  const copy = () => deed('copyText', text);
  return html`<div class="code">
    <pre dir="ltr" tabindex=${reach} aria-label=${lang ? t('message.code_in', { lang }) : t('message.code')}><code>${text}</code></pre>
    <button type="button" class="icon-button code-copy" tabindex=${reach} onClick=${copy} aria-label=${t('message.copy_code')} title=${t('message.copy_code')}>${h(Icon, { name: 'copy' })}</button>
  </div>`;
}

// The message a reply answers, in one line; fetched when it is not among those that are loaded.
const FETCHED_MAX = 200;
/** `null`: it is not there (any more). */
const fetched = signal(/** @type {Map<string, any>} */ (new Map()));

/** @param {string} conversation @param {number} seq */
export function messageAt(conversation, seq) {
  return knownTimeline(conversation)?.win.value?.messages.find((m) => m.seq === seq) ?? fetched.value.get(`${conversation}/${seq}`);
}

/** Asked for and not yet here; what changed in it meanwhile. @type {Map<string, any>} */
const coming = new Map();

/** @param {string} conversation @param {number} seq */
async function fetchOne(conversation, seq) {
  const address = `${conversation}/${seq}`;
  if (coming.has(address)) return;
  coming.set(address, null);
  const page = await api.get(`/conversations/${encodeURIComponent(conversation)}/messages?after=${seq - 1}&limit=1`).catch(() => null);
  const found = page?.messages.find((/** @type {any} */ m) => m.seq === seq) ?? null;
  // What changed since it was asked for is newer than the answer.
  const next = new Map(fetched.value).set(address, (found && coming.get(address)) ?? found);
  coming.delete(address);
  if (next.size > FETCHED_MAX) next.delete(/** @type {string} */ (next.keys().next().value));
  fetched.value = next;
}

onEvent('changed', ({ message }) => {
  const address = addressOf(message);
  if (coming.has(address)) coming.set(address, message);
  if (fetched.peek().get(address)) fetched.value = new Map(fetched.peek()).set(address, message);
});
// After a gap in the events nothing that was fetched before it can be trusted.
onEvent('resync', () => { fetched.value = new Map(); });

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

/** @param {{message: any, reach: number}} props */
export function Reactions({ message, reach }) {
  const own = me.value?.username;
  const nameOf = (/** @type {string} */ u) => (u === own ? t('message.you') : people.value.get(u)?.name ?? u);
  return html`<div class="reactions">
    ${message.reactions.map((/** @type {any} */ r) => {
      const mine = r.users.includes(own);
      const who = t('message.reacted', { names: fmt.list(r.users.map(nameOf)), emoji: r.emoji, number: r.users.length });
      return html`<button type="button" key=${r.emoji} class="reaction" tabindex=${reach} aria-pressed=${mine ? 'true' : 'false'} aria-label=${who} title=${who}
        onClick=${() => deed('react', message, r.emoji)}><span>${r.emoji}</span><span class="reaction-count">${fmt.number(r.users.length)}</span></button>`;
    })}
    <button type="button" class="reaction reaction-add" tabindex=${reach} aria-label=${t('message.react')} title=${t('message.react')} onClick=${() => deed('openReactions', message)}>${h(Icon, { name: 'smile' })}</button>
  </div>`;
}

// A file: a picture with its place kept before it is there, sound, film, or a card to download.
const WIDTH_MAX = 420;
const HEIGHT_MAX = 300;
const PICTURE = /^image\/(png|jpeg|gif|webp)$/;

/** The size a picture is shown at; known before a byte of it is. @param {any} file */
function shownSize(file) {
  if (!file.width || !file.height) return null;
  const scale = Math.min(1, WIDTH_MAX / file.width, HEIGHT_MAX / file.height);
  return { width: Math.max(1, Math.round(file.width * scale)), height: Math.max(1, Math.round(file.height * scale)) };
}

/** @param {any} file */
function kindOf(file) {
  if (PICTURE.test(file.media_type) && shownSize(file)) return 'picture';
  if (/^audio\//.test(file.media_type)) return 'audio';
  if (/^video\//.test(file.media_type)) return 'video';
  return 'file';
}

/** @param {{file: any, reach: number, local?: string}} props `local`: an object URL while it is being sent */
export function Attachment({ file, reach, local }) {
  const kind = kindOf(file);
  const source = local ?? `${file.url}?inline=1`;
  if (kind === 'picture') {
    const size = shownSize(file);
    return html`<button type="button" class="picture" tabindex=${reach} aria-label=${t('attachment.open', { name: file.name })} onClick=${() => import('./files.js').then((m) => m.openPicture(file, source))}>
      <img src=${source} width=${size?.width} height=${size?.height} alt="" loading="lazy" decoding="async" />
    </button>`;
  }
  return html`<div class="file-card">
    <span class="file-sign">${h(Icon, { name: 'file' })}</span>
    <span class="file-words"><span class="file-name" dir="auto">${file.name}</span><span class="file-size">${fmt.bytes(file.size)}</span></span>
    ${file.url && html`<a class="icon-button" href=${file.url} download=${file.name} tabindex=${reach} aria-label=${t('attachment.download', { name: file.name })} title=${t('attachment.download_short')}>${h(Icon, { name: 'download' })}</a>`}
    ${file.url && kind === 'audio' && html`<audio controls preload="none" src=${source}></audio>`}
    ${file.url && kind === 'video' && html`<video controls preload="none" src=${source}></video>`}
  </div>`;
}

/** A message as one sentence for those who hear it: author, time, text, attachment, reactions, edited, state. @param {any} m */
export function spoken(m) {
  const parts = [m.author.name, fmt.dateTime(m.at)];
  if (m.deleted) parts.push(t('message.deleted'));
  if (m.text) parts.push(firstWords(m.text, 600));
  if (m.file) parts.push(t('message.spoken_file', { name: m.file.name, size: fmt.bytes(m.file.size) }));
  for (const r of m.reactions ?? []) parts.push(t('message.spoken_reaction', { emoji: r.emoji, count: r.users.length }));
  if (m.edited_at && !m.deleted) parts.push(t('message.edited'));
  if (m.delivery) parts.push(t(`delivery.${m.delivery}`), m.delivery_reason);
  else if (m.pending) parts.push(t(`message.state_${m.pending}`));
  return parts.filter(Boolean).join(', ');
}

/** @param {{message: any}} props */
function Pending({ message }) {
  const { pending, file, upload } = message;
  if (pending === 'failed' || (file && !upload)) return h(Unsent, { message });
  return html`<span class="sending">${h(Icon, { name: 'clock' })}${pending === 'sending' ? t('message.state_sending') : t('message.state_waiting')}</span>`;
}
