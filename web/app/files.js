// @ts-check
// Files: chosen for the next message, sent in pieces that can be taken up again, looked at. Nothing leaves the device before Send.
import { h, html, signal } from '../vendor/preact.js';
import { filesOf, putFiles, randomKey } from './composer.js';
import { Dialog, openDialog } from './dialog.js';
import { fmt, t } from './i18n.js';
import { api, ApiError, contents } from './net.js';
import { realm } from './state.js';
import { Icon, toast } from './ui.js';

const FILES_MAX = 20;
/** @typedef {import('./composer.js').Chosen} Chosen */
/** @param {string} id @param {Iterable<File>} files */
export function addFiles(id, files) {
  const limit = realm.value?.limits?.file_bytes ?? Infinity;
  for (const blob of files) {
    if (blob.size > limit) { toast(t('composer.file_too_large', { name: blob.name, limit: fmt.bytes(limit) }), { error: true }); continue; }
    if (blob.size === 0) { toast(t('composer.file_empty', { name: blob.name }), { error: true }); continue; }
    if (filesOf(id).length >= FILES_MAX) { toast(t('composer.too_many_files', { count: FILES_MAX }), { error: true }); return; }
    const picture = /^image\/(png|jpeg|gif|webp)$/.test(blob.type);
    const one = { key: randomKey(), blob, url: picture ? URL.createObjectURL(blob) : null, width: null, height: null };
    putFiles(id, [...filesOf(id), one]);
    if (one.url) measure(id, one.key, one.url);
  }
}

/** @param {string} id @param {string} key @param {string} url */
function measure(id, key, url) {
  const image = new Image();
  image.onload = () => putFiles(id, filesOf(id).map((f) => (f.key === key ? { ...f, width: image.naturalWidth, height: image.naturalHeight } : f)));
  image.src = url;
}

/** @param {string} id @param {string} key */
export function removeFile(id, key) {
  const gone = filesOf(id).find((f) => f.key === key);
  if (gone?.url) URL.revokeObjectURL(gone.url);
  putFiles(id, filesOf(id).filter((f) => f.key !== key));
}

/** @param {{id: string, files: import('./files.js').Chosen[]}} props */
export function Chips({ id, files }) {
  return html`<ul class="chips" aria-label=${t('composer.files')}>${files.map(({ key, blob, url }) => html`<li key=${key} class="chip">
    ${url ? html`<img class="chip-picture" src=${url} alt="" />` : html`<span class="chip-sign">${h(Icon, { name: 'file' })}</span>`}
    <span class="chip-words"><span class="chip-name" dir="auto">${blob.name}</span><span class="chip-size">${fmt.bytes(blob.size)}</span></span>
    <button type="button" class="icon-button" aria-label=${t('composer.remove_file', { name: blob.name })} title=${t('composer.remove_file', { name: blob.name })} onClick=${() => removeFile(id, key)}>${h(Icon, { name: 'close' })}</button>
  </li>`)}</ul>`;
}

const PIECE_BYTES = 8 * 1024 * 1024;
const TRIES_MAX = 6;
/** @type {Map<string, AbortController>} */
const stops = new Map();

/** Not wanted any more: what is under way stops at once, and the server throws away what it has. @param {string} key */
export function releaseContents(key) { contents.delete(key); stops.get(key)?.abort(); stops.delete(key); }
/**
 * @param {import('./net.js').Outgoing} item @param {(sent: number) => void} progress
 * @returns {Promise<string>} the upload's id, whole on the server
 */
export async function uploadFile(item, progress) {
  const blob = contents.get(item.key);
  if (!blob) throw new ApiError({ status: 410, code: 'file_lost' });
  const stop = new AbortController();
  stops.set(item.key, stop);
  /** @type {string|null} */
  let id = null;
  try {
    const made = await api.post('/uploads', { name: item.file?.name, size: blob.size }, { signal: stop.signal });
    id = made.id;
    await sendPieces(made.id, blob, progress, stop.signal);
    return made.id;
  } catch (error) {
    if (id) api.del(`/uploads/${id}`).catch(() => {});
    throw error;
  } finally { stops.delete(item.key); }
}

/** @param {string} id @param {Blob} blob @param {(sent: number) => void} progress @param {AbortSignal} signal */
async function sendPieces(id, blob, progress, signal) {
  let offset = 0;
  let tries = 0;
  while (offset < blob.size) {
    try {
      offset = await sendPiece(id, blob.slice(offset, offset + PIECE_BYTES), offset, (n) => progress(offset + n), signal);
      tries = 0;
    } catch (/** @type {any} */ error) {
      if (signal.aborted || (!error.temporary && error.code !== 'conflict')) throw error;
      tries += 1;
      if (tries > TRIES_MAX) throw error;
      await new Promise((done) => { setTimeout(done, 500 * 2 ** tries); });
      ({ offset } = await api.get(`/uploads/${id}`, { signal }).catch((e) => { if (signal.aborted || !e.temporary) throw e; return { offset }; }));
    }
    progress(offset);
  }
}

/**
 * XMLHttpRequest, since fetch does not tell how much of a body has gone out.
 * @param {string} id @param {Blob} piece @param {number} offset @param {(sent: number) => void} progress @param {AbortSignal} signal
 * @returns {Promise<number>} the new offset
 */
function sendPiece(id, piece, offset, progress, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    signal.addEventListener('abort', abort, { once: true });
    const finish = (/** @type {() => void} */ fn) => { signal.removeEventListener('abort', abort); fn(); };
    request.open('PATCH', `/api/v1/uploads/${id}`);
    request.setRequestHeader('Content-Type', 'application/octet-stream');
    request.setRequestHeader('Upload-Offset', String(offset));
    request.upload.onprogress = (event) => progress(event.loaded);
    request.onabort = () => finish(() => reject(new DOMException('cancelled', 'AbortError')));
    request.onerror = () => finish(() => reject(new ApiError({ code: 'offline' })));
    request.onload = () => finish(() => {
      /** @type {any} */
      let body = null;
      try { body = JSON.parse(request.responseText); } catch { /* answered without a body */ }
      if (request.status === 200) resolve(body.offset);
      else reject(new ApiError({ status: request.status, ...(body?.error ?? { code: 'failed' }) }));
    });
    if (signal.aborted) { reject(new DOMException('cancelled', 'AbortError')); return; }
    request.send(piece);
  });
}

/** A picture as large as the window allows. @param {any} file @param {string} source */
export function openPicture(file, source) { openDialog(Lightbox, { file, source }); }

/** @param {any} props */
function Lightbox({ file, source, close }) {
  return h(Dialog, { title: file.name, onClose: close, wide: true, className: 'lightbox' },
    html`<div class="lightbox-body"><img src=${source} width=${file.width} height=${file.height} alt=${file.name} /></div>
    ${file.url && html`<footer class="lightbox-foot"><span>${fmt.bytes(file.size)} · ${file.width} × ${file.height}</span>
      <a class="button button-small" href=${file.url} download=${file.name}>${h(Icon, { name: 'download' })}${t('attachment.download_short')}</a></footer>`}`);
}
