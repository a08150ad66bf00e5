import test from 'node:test';
import assert from 'node:assert/strict';
import { field, log, messages, pathOf, start } from './harness.mjs';

const rest = (page) => log(page).evaluate((el) => el.scrollHeight - el.scrollTop - el.clientHeight);
const firstInView = (page) => log(page).evaluate((el) => {
  const top = el.getBoundingClientRect().top;
  const row = [...el.querySelectorAll('article')].find((r) => r.getBoundingClientRect().bottom > top + 1);
  return { key: row.dataset.key, top: row.getBoundingClientRect().top - top };
});
const topOf = (page, key) => log(page).evaluate((el, k) => el.querySelector(`[data-key="${k}"]`).getBoundingClientRect().top - el.getBoundingClientRect().top, key);

/** Nothing is on its way and nothing moves any more: some frames in a row are alike. */
const still = (page) => log(page).evaluate(async (el) => {
  for (let [alike, before] = [0, '']; alike < 6;) {
    await new Promise(requestAnimationFrame);
    const now = `${el.scrollTop} ${el.scrollHeight} ${el.getAttribute('aria-busy')}`;
    alike = now === before && now.endsWith('false') ? alike + 1 : 0;
    before = now;
  }
});

async function unread(server, count) {
  await server.fill('izza', 'maya', 100);
  for (let i = 0; i < count; i += 1) await server.say('maya', 'izza', `baru ${i + 1}`);
}

test('W28 W30 the line stands in view with a read message above, and goes with Esc', async () => {
  const s = await start({ before: (server) => unread(server, 40) });
  await s.page.goto(s.server.url + pathOf(s.server, 'maya'));
  const line = s.page.locator('.log-divider');
  await line.waitFor();
  const [l, b] = [await line.boundingBox(), await log(s.page).boundingBox()];
  assert.ok(l.y > b.y + 20 && l.y < b.y + b.height);
  assert.match(await s.page.locator('.jump').textContent(), /Jump to latest \(\d+\)/);
  await field(s.page).press('Escape');
  await line.waitFor({ state: 'detached' });
  await s.page.waitForFunction(() => !document.querySelector('.jump'));
  assert.ok(await rest(s.page) < 2);
  await s.stop();
});

test('W29 what comes while the window is away is not read, and the line goes before it', async () => {
  const s = await start({ before: (server) => server.fill('izza', 'maya', 30) });
  const { page, server } = s;
  await page.clock.install();
  await page.goto(server.url + pathOf(server, 'maya'));
  await messages(page).last().waitFor();
  const told = () => server.requests.filter((wish) => /^PUT .*\/read$/.test(wish)).length;
  await page.evaluate(() => dispatchEvent(new Event('blur')));
  for (let i = 0; i < 3; i += 1) await s.server.say('maya', 'izza', `tak terlihat ${i}`);
  await log(s.page).getByText('tak terlihat 2').last().waitFor();
  await s.page.locator('.log-divider + article').filter({ hasText: 'tak terlihat 0' }).waitFor();
  const before = told();
  await page.clock.runFor(3_000);
  await page.evaluate(async () => { await fetch('/api/v1/me'); });
  assert.equal(told(), before, 'nothing was read');
  const left = async () => (await server.find('izza', 'maya')).unread;
  assert.equal(await left(), 3);
  const read = page.waitForResponse((answer) => answer.request().method() === 'PUT' && answer.url().endsWith('/read'));
  await page.evaluate(() => dispatchEvent(new Event('focus')));
  await read;
  assert.equal(await left(), 0);
  assert.equal(await s.page.locator('.log-divider').count(), 1);
  await s.stop();
});

test('W31 above the end nothing moves when messages come; at the end they scroll in', async () => {
  const s = await start({ before: (server) => server.fill('izza', 'maya', 200) });
  await s.page.goto(s.server.url + pathOf(s.server, 'maya'));
  await messages(s.page).last().waitFor();
  await s.server.say('maya', 'izza', 'di ujung');
  await log(s.page).getByText('di ujung').waitFor();
  assert.ok(await rest(s.page) < 2);
  await log(s.page).evaluate((el) => el.scrollBy(0, -700));
  await s.page.locator('.jump').waitFor();
  await still(s.page);
  const before = await firstInView(s.page);
  for (let i = 0; i < 10; i += 1) await s.server.say('maya', 'izza', `di bawah ${i} ${'panjang '.repeat(20)}`);
  await s.page.waitForFunction(() => /\(10\)/.test(document.querySelector('.jump')?.textContent ?? ''));
  assert.ok(Math.abs(await topOf(s.page, before.key) - before.top) <= 2);
  await s.page.locator('.jump').click();
  await s.page.waitForFunction(() => !document.querySelector('.jump'));
  await s.stop();
});

test('W32 older pages come one at a time and nothing moves; the beginning is marked', async () => {
  const s = await start({ before: (server) => server.fill('izza', 'maya', 400) });
  await s.page.goto(s.server.url + pathOf(s.server, 'maya'));
  await messages(s.page).last().waitFor();
  await still(s.page);
  for (let round = 0; round < 4; round += 1) {
    s.server.delay(250);
    const count = s.server.requests.length;
    const asked = s.page.waitForRequest(/before=/);
    await log(s.page).evaluate((el) => { el.scrollTop = Math.min(el.scrollTop, el.clientHeight - 60); });
    await asked;
    await log(s.page).evaluate(async (el) => { el.scrollBy(0, -20); for (let i = 0; i < 3; i += 1) await new Promise(requestAnimationFrame); });
    const before = await firstInView(s.page);
    await still(s.page);
    assert.equal(s.server.requests.slice(count).filter((r) => r.includes('before=')).length, 1);
    const off = Math.abs(await topOf(s.page, before.key) - before.top);
    assert.ok(off <= 2, `round ${round}: moved by ${off} px`);
  }
  s.server.delay(0);
  for (let i = 0; i < 12 && !(await s.page.locator('.log-start').count()); i += 1) {
    await log(s.page).evaluate((el) => { el.scrollTop = 0; });
    await still(s.page);
  }
  assert.equal(await s.page.locator('.log-start').count(), 1);
  await s.stop();
});

test('W02 W34 an address of a message opens around it; live ones are not appended there', async () => {
  const s = await start({ before: (server) => server.fill('izza', 'maya', 2_000) });
  await s.page.goto(s.server.url + pathOf(s.server, 'maya', 500));
  const target = s.page.locator('article[data-seq="500"]');
  await target.waitFor();
  assert.match(await target.getAttribute('class'), /message-shown/);
  const [t, b] = [await target.boundingBox(), await log(s.page).boundingBox()];
  assert.ok(t.y > b.y && t.y < b.y + b.height);
  await s.server.say('maya', 'izza', 'jauh di depan');
  await s.page.locator('.chat', { hasText: 'jauh di depan' }).waitFor();
  await still(s.page);
  assert.equal(await log(s.page).getByText('jauh di depan').count(), 0);
  await s.page.locator('.jump').click();
  await log(s.page).getByText('jauh di depan').waitFor();
  await s.stop();
});

test('W35 W36 days, full times, runs; the browser finds text that is off the screen', async () => {
  const s = await start({ lang: 'id', before: (server) => server.fill('izza', 'maya', 150) });
  const { page, server } = s;
  // The last ten are of today; ten before them of yesterday, a minute before midnight where the reader is (UTC+7).
  const midnight = new Date(new Date(Date.now() + 7 * 3600e3).toISOString().slice(0, 10)).getTime() - 7 * 3600e3;
  server.rewrite((answer) => {
    for (const m of answer.messages ?? []) if (m.seq <= 143) m.at = new Date(midnight - 60e3 - (143 - m.seq) * 1e3).toISOString();
  });
  await page.goto(server.url + pathOf(server, 'maya'));
  await messages(page).last().waitFor();
  assert.deepEqual(await page.locator('.log-day').allTextContents().then((all) => all.map((text) => text.trim()).slice(-2)), ['Kemarin', 'Hari ini']);
  assert.equal(await page.locator('article[data-seq="143"] + .log-day + article').getAttribute('data-seq'), '144');
  assert.match(await messages(page).last().locator('time').first().getAttribute('title'), /20\d\d/);
  await page.locator('article[data-seq="143"] time').first().waitFor({ state: 'attached' });
  assert.match(await page.locator('article[data-seq="143"] time').first().getAttribute('title'), /23[.:]59/);
  assert.ok(await page.locator('.message-first').count() < await messages(page).count());
  assert.equal(await page.evaluate(() => window.find('Baris 100', false, false, true)), true);
  await s.stop();
});

test('W34 a page that comes after "Jump to latest" does not stand beside the newest', async () => {
  const s = await start({ before: (server) => server.fill('izza', 'maya', 1_000) });
  const { page } = s;
  await page.goto(s.server.url + pathOf(s.server, 'maya', 500));
  await page.locator('article[data-seq="500"]').waitFor();
  await still(page);
  let answer = () => {};
  const late = new Promise((done) => { answer = done; });
  await page.route(/before=/, async (route) => { const got = await route.fetch(); await late; await route.fulfill({ response: got }); });
  const asked = page.waitForRequest(/before=/);
  await log(page).evaluate((el) => { el.scrollTop = 0; });
  await asked;
  await page.locator('.jump').click();
  await page.locator('article[data-seq="1003"]').waitFor();
  const came = page.waitForResponse(/before=/);
  answer();
  await came;
  await still(page);
  const seqs = await messages(page).evaluateAll((all) => all.map((e) => Number(e.dataset.seq)));
  seqs.forEach((seq, i) => assert.equal(seq, seqs[0] + i, 'neighbours are neighbours'));
  assert.equal(seqs.at(-1), 1_003);
  await s.stop();
});
