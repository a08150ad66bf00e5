// @ts-check
// A file to the server in pieces that can be taken up again where the server stands.
import { api, ApiError } from './api.js';

const PIECE_BYTES = 8 * 1024 * 1024;
const TRIES_MAX = 6;
/** The contents by client key: they cannot be stored, so a reload loses what was not yet sent. @type {Map<string, Blob>} */
const contents = new Map();
/** @type {Map<string, AbortController>} */
const stops = new Map();

/** @param {string} key @param {Blob} blob */
export function holdContents(key, blob) { contents.set(key, blob); }
/** @param {string} key */
export function contentsOf(key) { return contents.get(key) ?? null; }
/** @param {string} key */
export function releaseContents(key) { contents.delete(key); stops.get(key)?.abort(); stops.delete(key); }
export const uploading = () => stops.size > 0;

/** @param {string} key stops at once; what the server had is thrown away there */
export function cancelUpload(key) { stops.get(key)?.abort(); }

/**
 * @param {import('./queue.js').Outgoing} item @param {(sent: number) => void} progress
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
