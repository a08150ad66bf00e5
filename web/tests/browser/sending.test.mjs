import test from 'node:test';
import assert from 'node:assert/strict';
import { picture } from '../real/picture.mjs';
import { field, keepOffline, log, messages, pathOf, send, shown, start } from './harness.mjs';

const stored = (server, name) => server.texts('izza', name);

test('W37 a message stands there within 100 ms and keeps its node when it is stored', async () => {
  const s = await start();
  await s.page.goto(s.server.url + pathOf(s.server, 'maya'));
  await messages(s.page).first().waitFor();
  s.server.delay(1500);
  await field(s.page).fill('pelan');
  const ms = await s.page.evaluate(async () => {
    const began = performance.now();
    const el = document.querySelector('.composer-field');
    el.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }));
    while (!document.querySelector('.log article:last-child .sending')) await new Promise(requestAnimationFrame);
    document.querySelector('.log article:last-child').marked = true;
    return performance.now() - began;
  });
  assert.ok(ms < 100, `${ms} ms`);
  await send(s.page, 'kedua');
  await s.page.waitForFunction(() => document.querySelectorAll('.log .sending').length === 0 && document.querySelectorAll('.log article').length === 5, null, { timeout: 8000 });
  assert.equal(await messages(s.page).nth(3).evaluate((e) => e.marked), true);
  assert.deepEqual((await stored(s.server, 'maya')).slice(3), ['pelan', 'kedua']);
  await s.stop();
});

test('W38 a lost answer does not double the message', async () => {
  const s = await start();
  // No events either: only an answer can say that it arrived.
  await s.page.routeWebSocket(/\/events/, () => {});
  await s.page.goto(s.server.url + pathOf(s.server, 'maya'));
  await messages(s.page).first().waitFor();
  s.server.loseAck(2);
  const acknowledged = s.page.waitForResponse((answer) => answer.request().method() === 'POST' && answer.url().endsWith('/messages'));
  await send(s.page, 'sekali saja');
  assert.ok((await acknowledged).ok());
  await s.page.waitForFunction(() => !document.querySelector('.log .sending, .failed') && !Object.keys(localStorage).some((key) => key.startsWith('kabar.out')));
  assert.equal(s.server.requests.filter((wish) => /^POST .*\/messages$/.test(wish)).length, 3, 'two answers were lost');
  assert.deepEqual((await stored(s.server, 'maya')).filter((x) => x === 'sekali saja').length, 1);
  assert.equal(await s.page.locator('.log').getByText('sekali saja').count(), 1);
  await s.stop();
});

test('W39 W64 a refusal is told on the message, with Retry, Copy and Delete', async () => {
  const s = await start();
  await s.page.goto(s.server.url + pathOf(s.server, 'maya'));
  await messages(s.page).first().waitFor();
  s.server.failNext('POST .*/messages', 403, 'not_allowed');
  await send(s.page, 'ditolak');
  await s.page.locator('.failed [role=alert]').waitFor();
  assert.deepEqual(await s.page.locator('.failed button').allTextContents(), ['Retry', 'Copy', 'Delete']);
  await s.page.locator('.failed button').first().click();
  await s.page.waitForFunction(() => !document.querySelector('.failed') && !document.querySelector('.sending'));
  assert.equal((await stored(s.server, 'maya')).at(-1), 'ditolak');
  await s.stop();
});

test('W40 W42 offline: a banner, three messages, a reload; back: each once and in order', async () => {
  const s = await start();
  await keepOffline(s.page, s.server, pathOf(s.server, 'maya'));
  await messages(s.page).first().waitFor();
  s.server.offline(true);
  await s.page.locator('[role=status].banner').waitFor({ timeout: 5000 });
  await s.page.getByRole('button', { name: 'Retry now' }).waitFor();
  for (const text of ['satu', 'dua', 'tiga']) await send(s.page, text);
  await s.page.reload();
  await s.page.locator('[role=status].banner').waitFor();
  s.server.offline(false);
  await s.server.say('maya', 'izza', 'selama kamu pergi');
  await s.page.getByRole('button', { name: 'Retry now' }).click({ timeout: 5000 }).catch(() => {});
  await s.page.waitForFunction(() => !document.querySelector('.banner'), null, { timeout: 15_000 });
  await log(s.page).getByText('tiga', { exact: true }).waitFor();
  await s.page.waitForFunction(() => !document.querySelector('.sending'));
  assert.deepEqual((await stored(s.server, 'maya')).slice(3).sort(), ['dua', 'satu', 'selama kamu pergi', 'tiga']);
  assert.deepEqual((await stored(s.server, 'maya')).filter((x) => ['satu', 'dua', 'tiga'].includes(x)), ['satu', 'dua', 'tiga']);
  await s.stop();
});

test('W42 what came while the socket was down is there after it, without gap or double', async () => {
  const s = await start();
  await s.page.goto(s.server.url + pathOf(s.server, 'maya'));
  await messages(s.page).first().waitFor();
  await s.server.say('maya', 'izza', 'terdengar?');
  await log(s.page).getByText('terdengar?').waitFor();
  s.server.drop();
  for (let i = 0; i < 5; i += 1) await s.server.say('maya', 'izza', `saat putus ${i}`);
  await log(s.page).getByText('saat putus 4').first().waitFor();
  await s.server.say('maya', 'izza', 'sesudah');
  await s.page.locator('.log').getByText('sesudah', { exact: true }).waitFor();
  assert.deepEqual(await shown(s.page), Array.from({ length: 10 }, (_, i) => i + 1));
  await s.stop();
});

test('W45 drafts, what was read and signing out follow in another tab', async () => {
  const s = await start();
  await s.page.goto(s.server.url + pathOf(s.server, 'maya'));
  const other = await s.open(pathOf(s.server, 'maya'));
  await messages(other).first().waitFor();
  await field(s.page).fill('dari tab satu');
  await other.waitForFunction(() => document.querySelector('.composer-field')?.value === 'dari tab satu', null, { timeout: 2000 });
  await s.server.say('messi', 'izza', 'baca di tab satu');
  const badge = (page) => page.locator('.chat', { hasText: 'Lionel Messi' }).locator('.badge');
  for (const page of [s.page, other]) await badge(page).waitFor();
  await s.page.locator('.chat', { hasText: 'Lionel Messi' }).click();
  await s.page.evaluate(() => dispatchEvent(new Event('focus')));
  await badge(other).waitFor({ state: 'detached', timeout: 3000 });
  await s.page.goto(`${s.server.url}/app/settings`);
  await s.page.getByRole('button', { name: 'Sign out' }).click();
  await other.getByRole('heading', { name: /Sign in/ }).waitFor({ timeout: 3000 });
  await s.stop();
});

test('a picture is not kept in memory longer than it is needed', async () => {
  const s = await start();
  const { page, server } = s;
  await page.addInitScript(() => {
    globalThis.alive = new Set();
    globalThis.made = 0;
    const { createObjectURL: create, revokeObjectURL: revoke } = URL;
    URL.createObjectURL = (what) => { const url = create(what); alive.add(url); made += 1; return url; };
    URL.revokeObjectURL = (url) => { alive.delete(url); revoke(url); };
  });
  await page.goto(server.url + pathOf(server, 'maya'));
  await messages(page).first().waitFor();
  const choose = () => page.locator('.composer input[type=file]').setInputFiles({ name: 'gambar.png', mimeType: 'image/png', buffer: picture(64, 48) });
  await choose();
  await page.locator('.chip img').waitFor();
  await page.locator('.chip button').click();
  await page.locator('.chip').waitFor({ state: 'detached' });
  assert.equal(await page.evaluate(() => alive.size), 0, 'not chosen after all');
  await choose();
  await page.waitForFunction(() => document.querySelector('.chip img')?.naturalWidth > 0);
  await page.locator('.composer-send').click();
  await page.waitForFunction(() => [...document.querySelectorAll('.log .picture img')].some((img) => img.src.includes('/api/')));
  await page.waitForFunction(() => alive.size === 0);
  assert.ok(await page.evaluate(() => made) > 2);
  server.failNext('POST /uploads', 403, 'not_allowed');
  await choose();
  await page.locator('.chip img').waitFor();
  await page.locator('.composer-send').click();
  await page.locator('.failed').getByRole('button', { name: 'Delete' }).click();
  await page.waitForFunction(() => alive.size === 0);
  await s.stop();
});
