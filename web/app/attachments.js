// @ts-check
// Files chosen for the next message of a conversation. Nothing leaves the device before Send.
import { signal } from '../vendor/preact.js';
import { fmt, t } from './i18n.js';
import { realm } from './state.js';
import { toast } from './toast.js';

const FILES_MAX = 20;
/** @typedef {{key: string, blob: File, url: string|null, width: number|null, height: number|null}} Chosen */
export const chosen = signal(/** @type {Map<string, Chosen[]>} */ (new Map()));

/** @param {string} id */
export const filesOf = (id) => chosen.value.get(id) ?? [];
/** @param {string} id @param {Chosen[]} files */
const put = (id, files) => { chosen.value = new Map(chosen.value).set(id, files); };

/** @param {string} id @param {Iterable<File>} files */
export function addFiles(id, files) {
  const limit = realm.value?.limits?.file_bytes ?? Infinity;
  for (const blob of files) {
    if (blob.size > limit) { toast(t('composer.file_too_large', { name: blob.name, limit: fmt.bytes(limit) }), { error: true }); continue; }
    if (blob.size === 0) { toast(t('composer.file_empty', { name: blob.name }), { error: true }); continue; }
    if (filesOf(id).length >= FILES_MAX) { toast(t('composer.too_many_files', { count: FILES_MAX }), { error: true }); return; }
    const picture = /^image\/(png|jpeg|gif|webp)$/.test(blob.type);
    const one = { key: crypto.randomUUID?.() ?? randomKey(), blob, url: picture ? URL.createObjectURL(blob) : null, width: null, height: null };
    put(id, [...filesOf(id), one]);
    if (one.url) measure(id, one.key, one.url);
  }
}

/** @param {string} id @param {string} key @param {string} url */
function measure(id, key, url) {
  const image = new Image();
  image.onload = () => put(id, filesOf(id).map((f) => (f.key === key ? { ...f, width: image.naturalWidth, height: image.naturalHeight } : f)));
  image.src = url;
}

/** @param {string} id @param {string} key */
export function removeFile(id, key) {
  const gone = filesOf(id).find((f) => f.key === key);
  if (gone?.url) URL.revokeObjectURL(gone.url);
  put(id, filesOf(id).filter((f) => f.key !== key));
}

/** @param {string} id @returns {Chosen[]} and forgets them */
export function takeFiles(id) {
  const files = filesOf(id);
  for (const f of files) if (f.url) URL.revokeObjectURL(f.url);
  put(id, []);
  return files;
}

/** `randomUUID` is missing where the page did not come over https. */
export function randomKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, '0')).join('');
}
