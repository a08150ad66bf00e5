// @ts-check
// Paths to pages and back. Every place has an address; Back and Forward walk them.
import { signal } from '../vendor/preact.js';
import { holdsEntry } from './back.js';
import { parsePath } from './paths.js';

export { parsePath, pathTo } from './paths.js';

const here = () => (typeof location === 'undefined' ? '/app' : location.pathname + location.search);
export const route = signal(parsePath(here()));

/** @param {string} path @param {{replace?: boolean}} [options] */
export function navigate(path, { replace = false } = {}) {
  // An entry held for a dialog is used up by the move, so that Back does not stop at it.
  if (path === here() || holdsEntry()) replace = true;
  history[replace ? 'replaceState' : 'pushState'](null, '', path);
  route.value = parsePath(path);
}

export function startRouter() {
  addEventListener('popstate', () => {
    const next = parsePath(here());
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
