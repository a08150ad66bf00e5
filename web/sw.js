// The worker keeps the shell (page, modules, styles, words) so that the app starts without a network, and shows
// notifications. It never touches the API: messages and files are not kept here.
const ASSETS = '{{assets}}';
const SHELL = '/app';
const CACHE = `kabar ${ASSETS}`;

self.addEventListener('install', (event) => { event.waitUntil(keepShell()); });

self.addEventListener('activate', (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name.startsWith('kabar ') && name !== CACHE) await caches.delete(name);
    await self.clients.claim();
  })());
});

self.addEventListener('message', (event) => { if (event.data === 'activate') self.skipWaiting(); });

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== location.origin) return;
  if (url.pathname.startsWith(`${ASSETS}/`)) event.respondWith(kept(request));
  else if (request.mode === 'navigate' && (url.pathname === SHELL || url.pathname.startsWith(`${SHELL}/`))) event.respondWith(page(request));
});

self.addEventListener('notificationclick', (event) => {
  const path = event.notification.data?.path ?? SHELL;
  event.notification.close();
  event.waitUntil((async () => {
    const open = (await self.clients.matchAll({ type: 'window', includeUncontrolled: true })).find((c) => new URL(c.url).pathname.startsWith(SHELL));
    if (!open) { await self.clients.openWindow(path); return; }
    await open.focus();
    open.postMessage({ open: path });
  })());
});

/** Under ASSETS nothing ever changes: what is kept is right. */
async function kept(request) {
  const cache = await caches.open(CACHE);
  const known = await cache.match(request);
  if (known) return known;
  const response = await fetch(request);
  if (response.ok) await cache.put(request, response.clone());
  return response;
}

async function page(request) {
  try { return await fetch(request); } catch {
    return await (await caches.open(CACHE)).match(SHELL) ?? Response.error();
  }
}

/** The page and everything it leads to, found by following its links and imports. */
async function keepShell() {
  const cache = await caches.open(CACHE);
  const seen = new Set();
  const keep = async (path) => {
    if (seen.has(path)) return;
    seen.add(path);
    const response = await fetch(path, { cache: 'no-cache' });
    if (!response.ok) return;
    await cache.put(path, response.clone());
    const type = response.headers.get('Content-Type') ?? '';
    if (type.includes('html')) await keepAll([...(await response.text()).matchAll(/(?:href|src)="([^"]+)"/g)].map((m) => m[1]), path);
    else if (type.includes('javascript')) {
      const text = await response.text();
      const sheets = [...text.matchAll(/\bstyled\('(\w+)'\)/g)].map((m) => `./style/${m[1]}.css`);
      await keepAll([...sheets, ...[...text.matchAll(/(?:from|import\(|URL\()\s*'(\.[^']+\.\w+)'/g)].map((m) => m[1])], path);
    }
  };
  const keepAll = (found, base) => Promise.all(found.map((f) => new URL(f, location.origin + base).pathname)
    .filter((p) => p.startsWith(`${ASSETS}/`)).map(keep));
  await keep(SHELL);
  await keepAll(['i18n/en.json', 'i18n/id.json', 'icons/kabar-dot.svg'].map((f) => `${ASSETS}/${f}`), '/');
}
