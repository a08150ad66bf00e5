// @ts-check
// Paths to pages and back, and the Back button: every place has an address; Back and Forward walk them.
import { signal } from '../vendor/preact.js';

/** @typedef {{page: string, id?: string, seq?: number, q?: string, section?: string, code?: string, username?: string}} Route */

/** @type {[RegExp, (m: RegExpExecArray, query: URLSearchParams) => Route][]} */
const TABLE = [
  [/^\/app\/?$/, () => ({ page: 'home' })],
  [/^\/app\/(signin|register)$/, (m) => ({ page: m[1] })],
  [/^\/app\/setup\/?$/, () => ({ page: 'setup' })],
  [/^\/app\/i\/([^/]+)$/, (m) => ({ page: 'invitation', code: m[1] })],
  [/^\/app\/c\/([^/]+)$/, (m) => ({ page: 'conversation', id: m[1] })],
  [/^\/app\/c\/([^/]+)\/(\d{1,15})$/, (m) => ({ page: 'conversation', id: m[1], seq: Number(m[2]) })],
  [/^\/app\/(people|groups|rooms|contacts|mentions)$/, (m) => ({ page: m[1] })],
  [/^\/app\/search$/, (_, query) => ({ page: 'search', q: query.get('q') ?? '' })],
  [/^\/app\/admin(?:\/([a-z-]+))?$/, (m) => ({ page: 'admin', section: m[1] ?? 'users' })],
  [/^\/app\/settings(?:\/([a-z-]+))?$/, (m) => ({ page: 'settings', section: m[1] ?? 'account' })],
];

/** @param {string} path with its query @returns {Route} */
export function parsePath(path) {
  const url = new URL(path, 'http://app');
  for (const [pattern, make] of TABLE) {
    const found = pattern.exec(url.pathname);
    if (found) return make(/** @type {any} */ (found.map((part) => part && safeDecode(part))), url.searchParams);
  }
  return { page: 'nowhere' };
}

/** @param {string} part */
function safeDecode(part) {
  try { return decodeURIComponent(part); } catch { return part; }
}

/** @param {string} id @param {number} [seq] */
export function pathTo(id, seq) {
  return `/app/c/${encodeURIComponent(id)}${seq ? `/${seq}` : ''}`;
}

/** @type {{close: () => void}[]} */
const held = [];
/** True between our own history.back() and its popstate. */
let returning = false;
/** A move that waits for it: made before, it would be walked back over. */
let waiting = /** @type {(() => void)|null} */ (null);

/** Registers something open; Back calls `close`. The answer must be called when it closes by any other way. */
export function holdBack(/** @type {() => void} */ close) {
  const entry = { close };
  held.push(entry);
  hold();
  return () => {
    const at = held.indexOf(entry);
    if (at < 0) return;
    held.splice(at, 1);
    // Later, so that closing one thing to open the next does not walk the history twice.
    if (!held.length) setTimeout(settle);
  };
}

/** Whether the current entry is ours: a move to another page then replaces it. */
export const holdsEntry = () => Boolean(history.state?.overlay);

function hold() {
  if (!holdsEntry()) history.pushState({ ...history.state, overlay: true }, '');
}

function settle() {
  if (held.length || returning || !holdsEntry()) return;
  returning = true;
  history.back();
}

if (typeof window !== 'undefined') {
  window.addEventListener('popstate', () => {
    const own = returning;
    returning = false;
    if (!own && !holdsEntry()) held.pop()?.close();
    // What is still open needs the entry again; an entry met by Forward with nothing open is left alone.
    if (held.length) hold();
    const move = waiting;
    waiting = null;
    if (own) move?.();
  });
}

const here = () => location.pathname + location.search;
/** Of the set-up link: it stays out of the address bar, the history and the server's log. */
let secret = '';
/** The place the address bar shows; a secret in it is taken out at once. */
function read() {
  const place = parsePath(here());
  if (place.page !== 'setup') return place;
  const given = /^#k=(.+)$/.exec(location.hash)?.[1];
  if (given) {
    secret = safeDecode(given);
    history.replaceState(history.state, '', here());
  }
  return { ...place, code: secret };
}

export const route = signal(typeof location === 'undefined' ? parsePath('/app') : read());

/** @param {string} path @param {{replace?: boolean}} [options] */
export function navigate(path, { replace = false } = {}) {
  if (returning) { waiting = () => navigate(path, { replace }); return; }
  // An entry held for a dialog is used up by the move, so that Back does not stop at it.
  if (path === here() || holdsEntry()) replace = true;
  history[replace ? 'replaceState' : 'pushState'](null, '', path);
  route.value = read();
}

export function startRouter() {
  addEventListener('popstate', () => {
    const next = read();
    // A dialog may have pushed an entry of its own for the same place.
    if (JSON.stringify(next) !== JSON.stringify(route.value)) route.value = next;
  });
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = /** @type {Element} */ (event.target).closest?.('a[href]');
    if (!(link instanceof HTMLAnchorElement) || link.target || link.hasAttribute('download')) return;
    const url = new URL(link.href);
    if (url.origin !== location.origin || !/^\/app(\/|$)/.test(url.pathname)) return;
    event.preventDefault();
    navigate(url.pathname + url.search);
  });
}
