// The end of a session: nothing of a person stays behind, and nothing is called ended that is not.
import test from 'node:test';
import assert from 'node:assert/strict';
import { field, messages, pathOf, send, start } from './harness.mjs';

const kept = (page) => page.evaluate(() => Object.keys(localStorage).filter((k) => k !== 'kabar.signedout'));
const atForm = (page) => page.locator('input[name=username]').waitFor();
const signOut = async (s, page = s.page) => { await page.locator('a.own').click(); await page.getByRole('button', { name: 'Sign out' }).first().click(); };
/** At once: not after the countdown, nor in a race with it. */
const back = (s) => { s.server.offline(false); return s.page.evaluate(() => dispatchEvent(new Event('online'))); };
const at = async (page, url) => { await page.goto(url); await messages(page).first().waitFor(); };

test('signing out opens a fresh document with the username in focus, and removes all of that person in every tab', async () => {
  const s = await start();
  const other = await s.open(pathOf(s.server, 'messi'));
  await messages(other).first().waitFor();
  await at(s.page, s.server.url + pathOf(s.server, 'maya'));
  s.server.failNext('POST .*/messages', 403, 'not_allowed', 2);
  for (const page of [s.page, other]) {
    await send(page, 'ditolak');
    await page.locator('.failed').waitFor();
    await field(page).fill('rahasia');
  }
  assert.ok((await kept(s.page)).filter((k) => k.startsWith('kabar.out/izza/')).length === 2);
  for (const page of [s.page, other]) await page.evaluate(() => { window.old = true; });
  s.page.on('dialog', () => assert.fail('a question'));
  await signOut(s);
  for (const page of [s.page, other]) {
    await atForm(page);
    assert.equal(await page.evaluate(() => window.old), undefined);
  }
  assert.deepEqual(await kept(s.page), []);
  await s.page.waitForFunction(() => document.activeElement?.getAttribute('name') === 'username');
  assert.equal(new URL(s.page.url()).pathname, '/app/signin');
  await s.stop();
});

test('the stream may say that the session is over before the answer does: drafts go all the same', async () => {
  const s = await start({ path: '/app/people' });
  let closed;
  const closing = new Promise((done) => { closed = done; });
  s.page.on('websocket', (socket) => socket.on('close', closed));
  await at(s.page, s.server.url + pathOf(s.server, 'maya'));
  await field(s.page).fill('rahasia');
  await s.page.route('**/sessions/current', async (route) => {
    const response = await route.fetch();
    await closing;
    await route.fulfill({ response });
  });
  await signOut(s);
  await atForm(s.page);
  assert.deepEqual(await kept(s.page), []);
  await s.stop();
});

test('a session that could not be ended is not called ended', async () => {
  const s = await start();
  await at(s.page, s.server.url + pathOf(s.server, 'maya'));
  await field(s.page).fill('masih di sini');
  s.server.failNext('DELETE /sessions/current', 500, 'failed');
  await signOut(s);
  await s.page.getByText('You are still signed in').waitFor();
  assert.equal(await s.page.locator('.own-username').textContent(), '@izza');
  assert.match(await s.page.evaluate(() => localStorage.getItem('kabar.drafts.izza')), /masih/);
  await s.page.getByRole('button', { name: 'Retry' }).click();
  await atForm(s.page);
  await s.page.reload();
  await atForm(s.page);
  await s.stop();
});

test('a session ended elsewhere: a fresh document, and the draft is there for the next time', async () => {
  const s = await start();
  await at(s.page, s.server.url + pathOf(s.server, 'maya'));
  await field(s.page).fill('nanti dulu');
  await s.page.evaluate(() => { window.old = true; });
  await s.server.api('izza', 'DELETE', '/sessions/current');
  await atForm(s.page);
  assert.equal(await s.page.evaluate(() => window.old), undefined);
  assert.deepEqual((await kept(s.page)).includes('kabar.drafts.izza'), true);
  await s.page.locator('input[name=username]').fill('izza');
  await s.page.locator('input[name=password]').fill('surabaya');
  await s.page.keyboard.press('Enter');
  await s.page.locator('.own-username', { hasText: 'izza' }).waitFor();
  await s.page.goto(s.server.url + pathOf(s.server, 'maya'));
  await s.page.waitForFunction(() => document.querySelector('.composer-field')?.value === 'nanti dulu');
  await s.page.goto(`${s.server.url}/app/signin`);
  await s.page.locator('.own-username').waitFor();
  await s.stop();
});

test('a session that ended while the connection was down is not waited for', async () => {
  const s = await start();
  await at(s.page, s.server.url + pathOf(s.server, 'maya'));
  s.server.offline(true);
  await s.page.locator('[role=status].banner').waitFor();
  await s.server.api('izza', 'DELETE', '/sessions/current');
  await back(s);
  await atForm(s.page);
  await s.stop();
});

test('a part that could not be fetched at the start is fetched later', async () => {
  const s = await start({ path: '/app/people' });
  let refused = 0;
  await s.page.route('**/app/{shortcuts,notify}.js', (route) => (refused++ < 2 ? route.abort() : route.continue()));
  await at(s.page, s.server.url + pathOf(s.server, 'maya'));
  await s.page.locator('html[data-keys]').waitFor();
  assert.ok(refused > 2, 'it was refused, and asked for again');
  await s.stop();
});

test('a list that comes after the stream has begun holds up nothing that is fetched later', async () => {
  const s = await start({ path: '/app/people' });
  const begun = new Promise((told) => { s.page.on('websocket', (socket) => socket.on('framereceived', told)); });
  // The first drawing comes before anybody is known.
  await s.page.route('**/api/v1/me', (route) => { setTimeout(() => route.continue(), 500); });
  await s.page.route('**/api/v1/conversations', async (route) => { await begun; setTimeout(() => route.continue(), 500); });
  const later = Promise.all(['delivery', 'welcome'].map((name) => s.page.waitForRequest((request) => request.url().endsWith(`/app/${name}.js`))));
  await at(s.page, s.server.url + pathOf(s.server, 'maya'));
  await later;
  await s.stop();
});

test('W43 a stream that died in silence is noticed within a minute, and what was missed comes', async () => {
  const s = await start({ path: '/app/people' });
  await s.page.clock.install();
  await at(s.page, s.server.url + pathOf(s.server, 'maya'));
  await s.server.say('maya', 'izza', 'terdengar');
  await s.page.locator('.log').getByText('terdengar').waitFor();
  s.server.mute();
  await s.server.say('maya', 'izza', 'tidak terdengar');
  // Step by step: a jump would look like a machine that slept.
  for (let i = 0; i < 14; i += 1) await s.page.clock.runFor(5000);
  await s.page.locator('.log').getByText('tidak terdengar').waitFor();
  await s.stop();
});

test('a request that does not get through makes the page look whether the stream is alive', async () => {
  const s = await start();
  await at(s.page, s.server.url + pathOf(s.server, 'maya'));
  await s.server.say('maya', 'izza', 'terdengar');
  await s.page.locator('.log').getByText('terdengar').waitFor();
  s.server.mute();
  await s.page.route('**/api/v1/**', (route) => route.abort());
  await send(s.page, 'ke mana?');
  await s.page.locator('[role=status].banner').waitFor();
  await s.page.unroute('**/api/v1/**');
  await s.page.waitForFunction(() => !document.querySelector('.banner') && !document.querySelector('.sending'));
  assert.equal((await s.server.texts('izza', 'maya')).at(-1), 'ke mana?');
  await s.stop();
});

test('W42 who joined, left and read while the stream was down is right after it', async () => {
  const s = await start();
  await at(s.page, s.server.url + pathOf(s.server, 'maya'));
  const chat = (name) => s.page.locator('.chat', { hasText: name });
  await chat('Lionel Messi').locator('.badge').waitFor();
  const kopi = await s.server.people.group('maya', 'Kopi', ['izza']);
  await chat('Kopi').waitFor();
  s.server.offline(true);
  await s.page.locator('[role=status].banner').waitFor();
  await s.server.read('izza', 'messi');
  await s.server.people.group('maya', 'Teh', ['izza']);
  await s.server.api('maya', 'DELETE', `/conversations/${kopi}/members/izza`);
  await back(s);
  await chat('Teh').waitFor();
  await chat('Kopi').waitFor({ state: 'detached' });
  await chat('Lionel Messi').locator('.badge').waitFor({ state: 'detached' });
  await s.stop();
});

test('W45 what is left unread after reading elsewhere is what the server counts', async () => {
  const s = await start();
  await at(s.page, s.server.url + pathOf(s.server, 'maya'));
  const badge = s.page.locator('.chat', { hasText: 'Lionel Messi' }).locator('.badge [aria-hidden]');
  await s.page.waitForFunction(() => /2/.test([...document.querySelectorAll('.chat')].find((c) => c.textContent.includes('Lionel Messi'))?.querySelector('.badge')?.textContent));
  const { last_seq } = await s.server.find('izza', 'messi');
  await s.server.read('izza', 'messi', last_seq - 1);
  await badge.getByText('1', { exact: true }).waitFor();
  await s.stop();
});

test('what was written to a group one is no longer in is told, and can be copied', async () => {
  const s = await start();
  const kopi = await s.server.people.group('maya', 'Kopi', ['izza']);
  await s.server.say('maya', kopi, 'pahit');
  await at(s.page, `${s.server.url}/app/c/${kopi}`);
  s.server.offline(true);
  await s.page.locator('[role=status].banner').waitFor();
  await send(s.page, 'tanpa gula');
  await s.server.api('maya', 'DELETE', `/conversations/${kopi}/members/izza`);
  await back(s);
  const news = s.page.locator('.toast', { hasText: 'no longer in that conversation: tanpa gula' });
  await news.getByRole('button', { name: 'Copy' }).waitFor();
  assert.deepEqual((await kept(s.page)).filter((k) => k.startsWith('kabar.out')), []);
  await s.stop();
});

test('what the server does not take for long can be deleted while it waits', async () => {
  const s = await start();
  await at(s.page, s.server.url + pathOf(s.server, 'maya'));
  s.server.failNext('POST .*/messages', 429, 'too_many', 99);
  await send(s.page, 'terlalu banyak');
  const bar = s.page.locator('.unsent-bar');
  await bar.getByText('1 message is waiting').waitFor();
  await bar.getByRole('button', { name: 'Delete all' }).click();
  await s.page.locator('dialog').getByRole('button', { name: 'Delete all' }).click();
  await bar.waitFor({ state: 'detached' });
  assert.deepEqual((await kept(s.page)).filter((k) => k.startsWith('kabar.out')), []);
  assert.equal(await s.page.locator('.log').getByText('terlalu banyak').count(), 0);
  await s.stop();
});
