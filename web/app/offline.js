// @ts-check
// A document of its own that registers the worker and goes back. Registering needs a Trusted Types policy, and the app's
// own documents allow none.
import { setLang, t } from './i18n.js';

const WAIT_MS = 15_000;

/** Where to go back to: only into the app. @param {string} search @param {string} origin */
export function backFrom(search, origin) {
  try {
    const url = new URL(new URLSearchParams(search).get('back') ?? '/app', origin);
    const inside = url.origin === origin && /^\/app(\/|$)/.test(url.pathname) && !url.pathname.startsWith('/app/offline');
    return inside ? url.pathname + url.search : '/app';
  } catch { return '/app'; }
}

/** The one script address that is ever made here. */
function workerAddress() {
  const types = /** @type {any} */ (globalThis).trustedTypes;
  return types ? types.createPolicy('kabar-worker', { createScriptURL: () => '/sw.js' }).createScriptURL('') : '/sw.js';
}

async function keep() {
  if (!navigator.serviceWorker) throw new Error('no worker here');
  await navigator.serviceWorker.register(workerAddress(), { scope: '/app' });
  // Kept only once everything is stored.
  const late = new Promise((_, fail) => { setTimeout(() => fail(new Error('too slow')), WAIT_MS); });
  await Promise.race([navigator.serviceWorker.ready, late]);
}

async function run() {
  const back = backFrom(location.search, location.origin);
  await setLang(document.documentElement.lang);
  document.title = t('offline.title');
  /** @type {HTMLElement} */ (document.getElementById('title')).textContent = t('offline.title');
  const words = /** @type {HTMLElement} */ (document.getElementById('words'));
  const link = /** @type {HTMLAnchorElement} */ (document.getElementById('back'));
  link.href = back;
  link.textContent = t('offline.back');
  words.textContent = t('offline.keeping');
  try {
    await keep();
    location.replace(back);
  } catch { words.textContent = t('offline.failed'); }
}

if (typeof document !== 'undefined') run();
