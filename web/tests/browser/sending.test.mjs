import test from 'node:test';
import assert from 'node:assert/strict';
import { field, log, messages, pathOf, start } from './harness.mjs';

const send = async (page, text) => { await field(page).fill(text); await field(page).press('Enter'); };
const stored = (mock, name) => mock.find('izza', name).messages.map((m) => m.text);

test('W37 a message stands there within 100 ms and keeps its node when it is stored', async () => {
  const s = await start();
  await s.page.goto(s.mock.url + pathOf(s.mock, 'maya'));
  await messages(s.page).first().waitFor();
  s.mock.delay(1500);
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
  assert.deepEqual(stored(s.mock, 'maya').slice(3), ['pelan', 'kedua']);
  await s.stop();
});

test('W38 a lost answer does not double the message', async () => {
  const s = await start();
  await s.page.goto(s.mock.url + pathOf(s.mock, 'maya'));
  await messages(s.page).first().waitFor();
  s.mock.loseAck(2);
  await send(s.page, 'sekali saja');
  await s.page.waitForTimeout(2500);
  assert.deepEqual(stored(s.mock, 'maya').filter((x) => x === 'sekali saja').length, 1);
  assert.equal(await s.page.locator('.log').getByText('sekali saja').count(), 1);
  await s.stop();
});

test('W39 W64 a refusal is told on the message, with Retry, Copy and Delete', async () => {
  const s = await start();
  await s.page.goto(s.mock.url + pathOf(s.mock, 'maya'));
  await messages(s.page).first().waitFor();
  s.mock.failNext('POST .*/messages', 403, 'not_allowed');
  await send(s.page, 'ditolak');
  await s.page.locator('.failed [role=alert]').waitFor();
  assert.deepEqual(await s.page.locator('.failed button').allTextContents(), ['Retry', 'Copy', 'Delete']);
  await s.page.locator('.failed button').first().click();
  await s.page.waitForFunction(() => !document.querySelector('.failed') && !document.querySelector('.sending'));
  assert.equal(stored(s.mock, 'maya').at(-1), 'ditolak');
  await s.stop();
});

test('W40 W42 offline: a banner, three messages, a reload; back: each once and in order', async () => {
  const s = await start();
  await s.page.goto(s.mock.url + pathOf(s.mock, 'maya'));
  await messages(s.page).first().waitFor();
  s.mock.offline(true);
  await s.page.locator('[role=status].banner').waitFor({ timeout: 5000 });
  await s.page.getByRole('button', { name: 'Retry now' }).waitFor();
  for (const text of ['satu', 'dua', 'tiga']) await send(s.page, text);
  await s.page.reload();
  await s.page.waitForTimeout(400);
  s.mock.offline(false);
  s.mock.say('maya', 'izza', 'selama kamu pergi');
  await s.page.getByRole('button', { name: 'Retry now' }).click({ timeout: 5000 }).catch(() => {});
  await s.page.waitForFunction(() => !document.querySelector('.banner'), null, { timeout: 15_000 });
  await log(s.page).getByText('tiga', { exact: true }).waitFor();
  await s.page.waitForFunction(() => !document.querySelector('.sending'));
  assert.deepEqual(stored(s.mock, 'maya').slice(3).sort(), ['dua', 'satu', 'selama kamu pergi', 'tiga']);
  assert.deepEqual(stored(s.mock, 'maya').filter((x) => ['satu', 'dua', 'tiga'].includes(x)), ['satu', 'dua', 'tiga']);
  await s.stop();
});

test('W42 what came while the socket was down is there after it, without gap or double', async () => {
  const s = await start();
  await s.page.goto(s.mock.url + pathOf(s.mock, 'maya'));
  await messages(s.page).first().waitFor();
  await s.page.waitForTimeout(200);
  s.mock.drop();
  for (let i = 0; i < 5; i += 1) s.mock.say('maya', 'izza', `saat putus ${i}`);
  await log(s.page).getByText('saat putus 4').first().waitFor();
  s.mock.say('maya', 'izza', 'sesudah');
  await s.page.locator('.log').getByText('sesudah', { exact: true }).waitFor();
  const shown = await s.page.locator('.log article[data-seq]').evaluateAll((all) => all.map((e) => Number(e.dataset.seq)));
  assert.deepEqual(shown, Array.from({ length: 9 }, (_, i) => i + 1));
  await s.stop();
});

test('W45 drafts and sign-out follow in another tab', async () => {
  const s = await start();
  await s.page.goto(s.mock.url + pathOf(s.mock, 'maya'));
  const other = await s.open(pathOf(s.mock, 'maya'));
  await messages(other).first().waitFor();
  await field(s.page).fill('dari tab satu');
  await other.waitForFunction(() => document.querySelector('.composer-field')?.value === 'dari tab satu', null, { timeout: 2000 });
  await s.stop();
});
