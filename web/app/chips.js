// @ts-check
// The files chosen for the next message: a small picture, the name, the size, a way to take each out.
import { h, html } from '../vendor/preact.js';
import { removeFile } from './attachments.js';
import { fmt, t } from './i18n.js';
import { Icon } from './icons.js';

/** @param {{id: string, files: import('./attachments.js').Chosen[]}} props */
export function Chips({ id, files }) {
  return html`<ul class="chips" aria-label=${t('composer.files')}>${files.map(({ key, blob, url }) => html`<li key=${key} class="chip">
    ${url ? html`<img class="chip-picture" src=${url} alt="" />` : html`<span class="chip-sign">${h(Icon, { name: 'file' })}</span>`}
    <span class="chip-words"><span class="chip-name" dir="auto">${blob.name}</span><span class="chip-size">${fmt.bytes(blob.size)}</span></span>
    <button type="button" class="icon-button" aria-label=${t('composer.remove_file', { name: blob.name })} title=${t('composer.remove_file', { name: blob.name })} onClick=${() => removeFile(id, key)}>${h(Icon, { name: 'close' })}</button>
  </li>`)}</ul>`;
}
