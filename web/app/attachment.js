// @ts-check
// A file in a message: a picture with its place kept before it is there, sound, film, or a card to download.
import { h, html } from '../vendor/preact.js';
import { fmt, t } from './i18n.js';
import { Icon } from './icons.js';
import { openDialog, Dialog } from './dialog.js';

const WIDTH_MAX = 420;
const HEIGHT_MAX = 300;
const PICTURE = /^image\/(png|jpeg|gif|webp)$/;

/** The size a picture is shown at; known before a byte of it is. @param {any} file */
export function shownSize(file) {
  if (!file.width || !file.height) return null;
  const scale = Math.min(1, WIDTH_MAX / file.width, HEIGHT_MAX / file.height);
  return { width: Math.max(1, Math.round(file.width * scale)), height: Math.max(1, Math.round(file.height * scale)) };
}

/** @param {any} file */
export function kindOf(file) {
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
    return html`<button type="button" class="picture" tabindex=${reach} aria-label=${t('attachment.open', { name: file.name })} onClick=${() => openDialog(Lightbox, { file, source })}>
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

/** @param {any} props */
function Lightbox({ file, source, close }) {
  return h(Dialog, { title: file.name, onClose: close, wide: true, className: 'lightbox' },
    html`<div class="lightbox-body"><img src=${source} width=${file.width} height=${file.height} alt=${file.name} /></div>
    ${file.url && html`<footer class="lightbox-foot"><span>${fmt.bytes(file.size)} · ${file.width} × ${file.height}</span>
      <a class="button button-small" href=${file.url} download=${file.name}>${h(Icon, { name: 'download' })}${t('attachment.download_short')}</a></footer>`}`);
}
