// Browsers and people at a terminal in one conversation, and what becomes of it when the server dies.
import test from 'node:test';
import assert from 'node:assert/strict';
import { field, log, messages, pathOf, ready, send, shown, start } from './harness.mjs';
import { expectOk } from '../real/client.mjs';

const FAST_MS = 200;
/** A busy machine may be slow once; a slow program is slow each time. */
const TRIES = 3;

/** Notes the moment at which a text stands in the log. */
const watchLog = (page) => page.evaluate(() => {
  globalThis.stoodAt = {};
  const look = () => { for (const e of document.querySelectorAll('.log .message-body')) globalThis.stoodAt[e.textContent.trim()] ??= Date.now(); };
  new MutationObserver(look).observe(document.querySelector('.log'), { childList: true, subtree: true, characterData: true });
});

/** Everything unread at a terminal, asked for again and again until `wanted` is there. */
async function inboxUntil(lines, token, wanted, got = []) {
  for (const until = Date.now() + 20_000; Date.now() < until;) {
    const { messages: all } = expectOk(await lines.ask(`inbox ${token}`));
    got.push(...Object.values(all).flat().map((m) => m.msg ?? m.message));
    if (got.some((text) => text?.includes(wanted))) return got;
  }
  throw new Error(`no ${wanted} in ${got}`);
}

test('W31 what is typed in nc stands on the page within 200 ms, and the other way round', async () => {
  const s = await start();
  const { page, server } = s;
  await page.goto(server.url + pathOf(server, 'maya'));
  await messages(page).last().waitFor();
  await ready(page);
  await watchLog(page);
  const lines = server.lines();
  const took = { toPage: [], toLine: [] };
  for (let i = 0; i < TRIES; i += 1) {
    const text = `dari nc ${i}`;
    const began = Date.now();
    expectOk(await lines.ask(`send ${server.cookie('maya')} izza ${text}`));
    await page.waitForFunction((wanted) => globalThis.stoodAt[wanted], text);
    took.toPage.push(await page.evaluate((wanted) => globalThis.stoodAt[wanted], text) - began);
  }
  for (let i = 0; i < TRIES; i += 1) {
    const text = `dari halaman ${i}`;
    await field(page).fill(text);
    const waiting = inboxUntil(lines, server.cookie('maya'), text).then(() => Date.now());
    const began = await field(page).evaluate((el) => {
      const now = Date.now();
      el.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }));
      return now;
    });
    took.toLine.push(await waiting - began);
  }
  lines.close();
  for (const [way, all] of Object.entries(took)) assert.ok(Math.min(...all) <= FAST_MS, `${way}: ${all} ms`);
  await s.stop();
});

test('W13 W40 W42 the server dies and comes back: two browsers and a terminal have everything once and in order', async () => {
  const s = await start();
  const { page, server } = s;
  const path = pathOf(server, 'Kelompok 3');
  const { code } = await server.find('izza', 'Kelompok 3');
  await page.goto(server.url + path);
  const theirs = await s.openAs('maya', path);
  for (const one of [page, theirs]) { await messages(one).last().waitFor(); await ready(one); }
  let lines = server.lines();
  const token = server.cookie('nania');
  const got = [];
  await inboxUntil(lines, token, 'jangan lupa', got);
  await send(page, 'sebelum: izza');
  await log(theirs).getByText('sebelum: izza', { exact: true }).waitFor();
  await send(theirs, 'sebelum: maya');
  await log(page).getByText('sebelum: maya', { exact: true }).waitFor();
  expectOk(await lines.ask(`sendgroup ${token} ${code} sebelum: nania`));
  await inboxUntil(lines, token, 'sebelum: maya', got);
  await theirs.goto(server.url + pathOf(server, 'Kelompok 3'));
  await ready(theirs);
  await field(theirs).fill('setengah jadi');

  await server.kill();
  await page.locator('[role=status].banner').waitFor();
  for (const text of ['saat mati 1', 'saat mati 2', 'saat mati 3']) await send(page, text);
  await assert.rejects(lines.ask(`send ${token} izza tidak sampai`));
  await server.restart();

  lines = server.lines();
  expectOk(await lines.ask(`sendgroup ${token} ${code} sesudah: nania`));
  for (const one of [page, theirs]) {
    await log(one).getByText('saat mati 3', { exact: true }).waitFor({ timeout: 40_000 });
    await log(one).getByText('sesudah: nania', { exact: true }).waitFor();
  }
  await inboxUntil(lines, token, 'saat mati 3', got);
  await page.waitForFunction(() => !document.querySelector('.sending, .failed'));
  assert.equal(await field(theirs).inputValue(), 'setengah jadi');
  await send(theirs, 'tamat');
  await log(page).getByText('tamat', { exact: true }).waitFor();
  await theirs.waitForFunction(() => !document.querySelector('.sending, .failed'));
  await inboxUntil(lines, token, 'tamat', got);
  lines.close();

  const stored = await server.messages('izza', 'Kelompok 3');
  for (const one of [page, theirs]) assert.deepEqual((await shown(one)).slice(-9), stored.map((m) => m.seq).slice(-9));
  const said = stored.map((m) => m.text).filter((text) => /sebelum|saat mati|sesudah|tamat/.test(text));
  assert.deepEqual(said.filter((text) => text.startsWith('saat mati')), ['saat mati 1', 'saat mati 2', 'saat mati 3']);
  const atTerminal = got.filter((text) => /sebelum|saat mati|sesudah|tamat/.test(text));
  assert.deepEqual(atTerminal, said.filter((text) => !text.endsWith('nania')));
  await s.stop();
});
