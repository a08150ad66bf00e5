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

function unread(mock, count) {
  const c = mock.fill('maya', 100);
  for (let i = 0; i < count; i += 1) mock.world.post(c, 'maya', { text: `baru ${i + 1}`, quiet: true });
}

test('W28 W30 the line stands in view with a read message above, and goes with Esc', async () => {
  const s = await start({ before: (mock) => unread(mock, 40) });
  await s.page.goto(s.mock.url + pathOf(s.mock, 'maya'));
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
  const s = await start({ before: (mock) => mock.fill('maya', 30) });
  await s.page.goto(s.mock.url + pathOf(s.mock, 'maya'));
  await messages(s.page).last().waitFor();
  await s.page.waitForTimeout(600);
  await s.page.evaluate(() => dispatchEvent(new Event('blur')));
  for (let i = 0; i < 3; i += 1) s.mock.say('maya', 'izza', `tak terlihat ${i}`);
  await log(s.page).getByText('tak terlihat 2').last().waitFor();
  await s.page.locator('.log-divider + article').filter({ hasText: 'tak terlihat 0' }).waitFor();
  await s.page.waitForTimeout(600);
  const c = s.mock.find('izza', 'maya');
  assert.equal(s.mock.world.view(c, 'izza').unread, 3);
  await s.page.evaluate(() => dispatchEvent(new Event('focus')));
  await s.page.waitForTimeout(700);
  assert.equal(s.mock.world.view(c, 'izza').unread, 0);
  assert.equal(await s.page.locator('.log-divider').count(), 1);
  await s.stop();
});

test('W31 above the end nothing moves when messages come; at the end they scroll in', async () => {
  const s = await start({ before: (mock) => mock.fill('maya', 200) });
  await s.page.goto(s.mock.url + pathOf(s.mock, 'maya'));
  await messages(s.page).last().waitFor();
  s.mock.say('maya', 'izza', 'di ujung');
  await log(s.page).getByText('di ujung').waitFor();
  assert.ok(await rest(s.page) < 2);
  await log(s.page).evaluate((el) => el.scrollBy(0, -700));
  await s.page.waitForTimeout(300);
  const before = await firstInView(s.page);
  for (let i = 0; i < 10; i += 1) s.mock.say('maya', 'izza', `di bawah ${i} ${'panjang '.repeat(20)}`);
  await s.page.waitForFunction(() => /\(10\)/.test(document.querySelector('.jump')?.textContent ?? ''));
  assert.ok(Math.abs(await topOf(s.page, before.key) - before.top) <= 2);
  await s.page.locator('.jump').click();
  await s.page.waitForFunction(() => !document.querySelector('.jump'));
  await s.stop();
});

test('W32 older pages come one at a time and nothing moves; the beginning is marked', async () => {
  const s = await start({ before: (mock) => mock.fill('maya', 400) });
  await s.page.goto(s.mock.url + pathOf(s.mock, 'maya'));
  await messages(s.page).last().waitFor();
  await s.page.waitForTimeout(300);
  for (let round = 0; round < 4; round += 1) {
    s.mock.delay(250);
    const count = s.mock.requests.length;
    await log(s.page).evaluate((el) => { el.scrollTop = Math.min(el.scrollTop, el.clientHeight - 60); });
    await s.page.waitForTimeout(100);
    await log(s.page).evaluate((el) => el.scrollBy(0, -20));
    await s.page.waitForTimeout(60);
    const before = await firstInView(s.page);
    await s.page.waitForTimeout(600);
    assert.equal(s.mock.requests.slice(count).filter((r) => r.includes('before=')).length, 1);
    const off = Math.abs(await topOf(s.page, before.key) - before.top);
    assert.ok(off <= 2, `round ${round}: moved by ${off} px`);
  }
  s.mock.delay(0);
  for (let i = 0; i < 12 && !(await s.page.locator('.log-start').count()); i += 1) {
    await log(s.page).evaluate((el) => { el.scrollTop = 0; });
    await s.page.waitForTimeout(150);
  }
  assert.equal(await s.page.locator('.log-start').count(), 1);
  await s.stop();
});

test('W33 back through 3 000 of 100 000 messages: few nodes, little memory, quick appends', async () => {
  const s = await start({ before: (mock) => mock.fill('maya', 100_000) });
  await s.page.goto(s.mock.url + pathOf(s.mock, 'maya'));
  await messages(s.page).last().waitFor();
  for (let i = 0; i < 200; i += 1) {
    await log(s.page).evaluate((el) => { el.scrollTop = 0; });
    await s.page.waitForTimeout(25);
    if (Number(await messages(s.page).first().getAttribute('data-seq')) < 97_000) break;
  }
  assert.ok(Number(await messages(s.page).first().getAttribute('data-seq')) < 97_000);
  assert.ok(await messages(s.page).count() <= 400);
  await field(s.page).press('Escape');
  await s.page.waitForFunction(() => document.querySelector('.log article:last-child')?.dataset.seq === '100003');
  const cdp = await s.context.newCDPSession(s.page);
  await cdp.send('HeapProfiler.collectGarbage');
  const { usedSize } = await cdp.send('Runtime.getHeapUsage');
  assert.ok(usedSize < 80e6, `${usedSize} bytes`);
  await s.page.evaluate(() => {
    window.longest = [];
    new PerformanceObserver((list) => window.longest.push(...list.getEntries().map((e) => e.duration))).observe({ type: 'longtask' });
  });
  for (let i = 0; i < 60; i += 1) { s.mock.say('maya', 'izza', `tambah ${i}`); await s.page.waitForTimeout(12); }
  await log(s.page).getByText('tambah 59').waitFor();
  const long = await s.page.evaluate(() => window.longest);
  assert.ok(long.length <= 3, `tasks over 50 ms: ${long}`);
  await s.stop();
});

test('W02 W34 an address of a message opens around it; live ones are not appended there', async () => {
  const s = await start({ before: (mock) => mock.fill('maya', 2_000) });
  await s.page.goto(s.mock.url + pathOf(s.mock, 'maya', 500));
  const target = s.page.locator('article[data-seq="500"]');
  await target.waitFor();
  assert.match(await target.getAttribute('class'), /message-shown/);
  const [t, b] = [await target.boundingBox(), await log(s.page).boundingBox()];
  assert.ok(t.y > b.y && t.y < b.y + b.height);
  s.mock.say('maya', 'izza', 'jauh di depan');
  await s.page.waitForTimeout(300);
  assert.equal(await log(s.page).getByText('jauh di depan').count(), 0);
  await s.page.locator('.jump').click();
  await log(s.page).getByText('jauh di depan').waitFor();
  await s.stop();
});

test('W35 W36 days, full times, runs; the browser finds text that is off the screen', async () => {
  const s = await start({ lang: 'id', before: (mock) => mock.fill('maya', 150) });
  await s.page.goto(s.mock.url + pathOf(s.mock, 'maya'));
  await messages(s.page).last().waitFor();
  assert.match(await s.page.locator('.log-day').last().textContent(), /Hari ini/);
  assert.match(await messages(s.page).last().locator('time').first().getAttribute('title'), /20\d\d/);
  assert.ok(await s.page.locator('.message-first').count() < await messages(s.page).count());
  assert.equal(await s.page.evaluate(() => window.find('Baris 100', false, false, true)), true);
  await s.stop();
});
