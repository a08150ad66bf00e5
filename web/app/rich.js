// @ts-check
// The tree of text.js as elements. Text goes in as text nodes; nothing here can become markup.
import { h, html } from '../vendor/preact.js';
import { Icon } from './icons.js';
import { t } from './i18n.js';
import { me, people } from './state.js';
import { parseText } from './text.js';
import { toast } from './toast.js';

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
  const copy = () => copyText(text);
  return html`<div class="code">
    <pre dir="ltr" tabindex=${reach} aria-label=${lang ? t('message.code_in', { lang }) : t('message.code')}><code>${text}</code></pre>
    <button type="button" class="icon-button code-copy" tabindex=${reach} onClick=${copy} aria-label=${t('message.copy_code')} title=${t('message.copy_code')}>${h(Icon, { name: 'copy' })}</button>
  </div>`;
}

/** @param {string} text */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast(t('message.copied'));
  } catch { toast(t('message.not_copied'), { error: true }); }
}
