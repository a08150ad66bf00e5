import test from 'node:test';
import assert from 'node:assert/strict';
import { field, keepOffline, pathOf, start } from './harness.mjs';

/** The window has not the keyboard: nothing is read. */
const blur = (page) => page.evaluate(() => dispatchEvent(new Event('blur')));
const focus = (page) => page.evaluate(() => dispatchEvent(new Event('focus')));
const watchBadge = () => { globalThis.badges = []; navigator.setAppBadge = async (n) => { badges.push(n); }; navigator.clearAppBadge = async () => { badges.push(0); }; };
const watchNotes = () => {
  globalThis.notes = [];
  const note = (title, options) => { notes.push({ title, body: options.body, tag: options.tag, path: options.data.path }); };
  ServiceWorkerRegistration.prototype.showNotification = async (title, options) => note(title, options);
  globalThis.asked = 0;
  let state = 'default';
  globalThis.Notification = class { static get permission() { return state; } static async requestPermission() { asked += 1; state = 'granted'; return state; } constructor(title, options) { note(title, options); } };
};

test('W57 three mentions: title, icon and badge say so, and all clear when read', async () => {
  const t = await start({ path: '/app', before: (server) => server.readAll('izza') });
  const { page, server } = t;
  await page.addInitScript(watchBadge);
  await page.goto(server.url + pathOf(server, 'Kelompok 3'));
  await page.locator('html[data-keys]').waitFor();
  await page.waitForFunction(() => document.title === '#Kelompok 3 – surabaya');
  await blur(page);
  for (let i = 1; i <= 3; i += 1) await server.say('maya', 'Kelompok 3', `@izza ${i}`);
  await page.waitForFunction(() => document.title === '(3) #Kelompok 3 – surabaya');
  assert.match(await page.locator('link[rel=icon]').getAttribute('href'), /kabar-dot\.svg$/);
  assert.equal(await page.evaluate(() => badges.at(-1)), 3);
  await focus(page);
  await page.waitForFunction(() => document.title === '#Kelompok 3 – surabaya');
  assert.match(await page.locator('link[rel=icon]').getAttribute('href'), /kabar\.svg$/);
  assert.equal(await page.evaluate(() => badges.at(-1)), 0);
  await t.stop();
});

test('W58 permission is asked by a click only; a mention elsewhere notifies once, one being watched does not', async () => {
  const t = await start({ user: null });
  const { page, server, context } = t;
  await context.addCookies([{ name: 'kabar_session', value: server.cookie('izza'), url: server.url }]);
  await page.addInitScript(watchNotes);
  await page.goto(`${server.url}/app/settings/notifications`);
  const toggle = page.getByRole('switch', { name: /Notifications on this device/ });
  await toggle.waitFor();
  await page.locator('html[data-keys]').waitFor();
  assert.equal(await page.evaluate(() => asked), 0);
  await toggle.check();
  await page.waitForFunction(() => asked === 1);
  await page.getByRole('link', { name: /Lionel Messi/ }).click();
  await field(page).waitFor();
  await server.say('messi', 'izza', 'seen as it comes');
  await server.say('nania', 'Kelompok 3', 'not for me');
  const { seq } = await server.say('nania', 'Kelompok 3', '@izza lihat ini');
  // Told after it: what was told before has been rung for, too.
  await server.say('maya', 'izza', 'terakhir');
  await page.waitForFunction(() => notes.some((note) => note.body === 'terakhir'));
  const notes = await page.evaluate(() => globalThis.notes);
  assert.deepEqual(notes.slice(0, -1), [{ title: 'Azizatul Hikmaniyah · Kelompok 3', body: '@izza lihat ini', tag: server.ids.izza['Kelompok 3'], path: pathOf(server, 'Kelompok 3', seq) }]);
  await t.stop();
});

test('W57 every page has its own title', async () => {
  const t = await start({ path: '/app', before: (server) => server.readAll('izza') });
  const { page, server, context } = t;
  const titled = async (path, title) => {
    // The page that stands there may be on its way to sign-in itself: then the first wish is dropped.
    await page.goto(server.url + path).catch(() => page.goto(server.url + path));
    await page.waitForFunction((wanted) => document.title === wanted, title).catch(async () => assert.equal(await page.title(), title, path));
  };
  const places = { people: 'People', groups: 'Groups', rooms: 'Rooms', contacts: 'Contacts', search: 'Search', mentions: 'Mentions', 'settings/account': 'Settings', 'admin/users': 'Administration' };
  for (const [path, name] of Object.entries(places)) await titled(`/app/${path}`, `${name} – surabaya`);
  const { code } = await server.api('izza', 'POST', `/conversations/${server.ids.izza['Kelompok 3']}/invitations`, { uses: 1, expires_in: 3600 });
  await context.clearCookies({ name: 'kabar_session' });
  for (const [path, name] of Object.entries({ signin: 'Sign in', register: 'Register', 'setup#k=x': 'Set up this server', [`i/${code}`]: 'Invitation' })) await titled(`/app/${path}`, `${name} – surabaya`);
  await t.stop();
});

test('W70 the worker keeps the shell and never the API: the page starts without the server', async () => {
  const t = await start({ path: '/app' });
  const { page, context, server } = t;
  await keepOffline(page, server, '/app');
  await field(page).waitFor();
  const kept = await page.evaluate(async () => {
    const found = [];
    for (const name of await caches.keys()) for (const request of await (await caches.open(name)).keys()) found.push(new URL(request.url).pathname);
    return found;
  });
  assert.ok(kept.includes('/app') && kept.some((p) => p.endsWith('/app/search.js')) && kept.some((p) => p.endsWith('/i18n/id.json')) && kept.some((p) => p.endsWith('/style/tokens.css')), kept.join());
  assert.deepEqual(kept.filter((p) => p.startsWith('/api/')), []);
  await context.setOffline(true);
  server.offline(true);
  await page.reload();
  await page.getByRole('navigation', { name: 'Conversations and places' }).waitFor();
  await context.setOffline(false);
  server.offline(false);
  const manifest = await (await fetch(`${server.url}/manifest.webmanifest`)).json();
  for (const icon of manifest.icons) assert.equal((await fetch(server.url + icon.src)).status, 200, icon.src);
  assert.ok(manifest.icons.some((i) => i.purpose === 'maskable' && i.sizes === '512x512'));
  t.faults.length = 0;
  await t.stop();
});
