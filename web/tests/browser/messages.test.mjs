import test from 'node:test';
import assert from 'node:assert/strict';
import { field, log, messages, pathOf, start } from './harness.mjs';

/** Nothing is on its way and nothing moves any more: some frames in a row are alike. */
const still = (page) => log(page).evaluate(async (el) => {
  for (let [alike, before] = [0, '']; alike < 6;) {
    await new Promise(requestAnimationFrame);
    const now = `${el.scrollTop} ${el.scrollHeight} ${el.getAttribute('aria-busy')}`;
    alike = now === before && now.endsWith('false') ? alike + 1 : 0;
    before = now;
  }
});

test('W51 links carry rel, and look-alike hosts are shown for what they are', async () => {
  const s = await start();
  await s.server.say('maya', 'izza', 'https://example.org/a dan https://аpple.com/');
  await s.page.goto(s.server.url + pathOf(s.server, 'maya'));
  const links = s.page.locator('.log .message-body a');
  await links.nth(1).waitFor();
  assert.equal(await links.first().getAttribute('rel'), 'noopener noreferrer nofollow');
  assert.equal(await links.nth(1).textContent(), 'https://xn--pple-43d.com/');
  await s.stop();
});

test('W47 W46 deleting asks and leaves the same sign everywhere; an edit moves nobody', async () => {
  const s = await start({ before: (server) => server.fill('izza', 'maya', 120) });
  const path = pathOf(s.server, 'maya');
  const theirs = await s.openAs('maya', path);
  await messages(theirs).last().waitFor();
  await log(theirs).evaluate((el) => el.scrollBy(0, -900));
  await still(theirs);
  const before = await log(theirs).evaluate((el) => el.scrollTop);
  await s.page.goto(s.server.url + path);
  await field(s.page).fill('akan dihapus');
  await field(s.page).press('Enter');
  const mine = s.page.locator('.log article').filter({ hasText: 'akan dihapus' });
  await mine.waitFor();
  await s.page.waitForFunction(() => !document.querySelector('.sending'));
  await mine.hover();
  await mine.getByRole('button', { name: 'More' }).click();
  await s.page.getByRole('menuitem', { name: 'Delete message' }).click();
  await s.page.getByRole('dialog').getByRole('button', { name: 'Delete message' }).click();
  await s.page.locator('.tombstone').waitFor();
  await theirs.locator('.tombstone').waitFor({ state: 'attached' });
  assert.ok(Math.abs(await log(theirs).evaluate((el) => el.scrollTop) - before) <= 2);
  await s.stop();
});

test('W48 W49 reactions toggle and name people; a quote leads to its message', async () => {
  const s = await start();
  await s.page.goto(s.server.url + pathOf(s.server, 'Kelompok 3'));
  const pill = s.page.locator('.reaction').filter({ hasText: '❤️' });
  await pill.click();
  await s.page.waitForFunction(() => [...document.querySelectorAll('.reaction')].some((e) => e.textContent === '❤️2' && e.getAttribute('aria-pressed') === 'true'));
  assert.match(await pill.getAttribute('aria-label'), /Azizatul.*you/);
  await pill.click();
  await s.page.waitForFunction(() => [...document.querySelectorAll('.reaction')].some((e) => e.textContent === '❤️1'));
  await s.page.locator('a.quote').click();
  await s.page.locator('article.message-shown[data-seq="6"]').waitFor();
  await s.stop();
});

test('W53 who types is shown, and not in the log', async () => {
  const s = await start();
  await s.page.goto(s.server.url + pathOf(s.server, 'Kelompok 3'));
  // What comes is heard: the stream stands.
  await s.server.say('messi', 'Kelompok 3', 'terdengar?');
  await log(s.page).getByText('terdengar?').waitFor();
  await s.server.typing('maya', 'Kelompok 3');
  await s.page.getByText('Kholishotul Amaliah is typing').waitFor({ timeout: 1000 });
  assert.equal(await log(s.page).getByText('is typing').count(), 0);
  await s.page.getByText('is typing').waitFor({ state: 'detached', timeout: 7000 });
  await s.stop();
});

test('W55 a wide code block scrolls inside itself and can be copied; every text is dir=auto', async () => {
  const s = await start();
  await s.server.say('maya', 'izza', `\`\`\`\n${'x'.repeat(200)}\n\`\`\`\nشكرا`);
  await s.page.goto(s.server.url + pathOf(s.server, 'maya'));
  const pre = s.page.locator('.code pre');
  await pre.waitFor();
  assert.ok(await pre.evaluate((e) => e.scrollWidth > e.clientWidth));
  assert.equal(await log(s.page).evaluate((e) => e.scrollWidth <= e.clientWidth), true);
  assert.equal(await s.page.locator('.log .message-body p:not([dir=auto])').count(), 0);
  await s.page.getByRole('button', { name: 'Copy code' }).waitFor();
  await s.stop();
});

test('W64 W65 W66 the log is one stop, arrows walk it, names say everything, only new ones are read out', async () => {
  const s = await start({ before: (server) => server.fill('izza', 'maya', 130) });
  await s.page.goto(s.server.url + pathOf(s.server, 'maya'));
  await messages(s.page).last().waitFor();
  assert.equal(await log(s.page).getAttribute('aria-label'), 'Messages with Kholishotul Amaliah');
  assert.equal(await s.page.locator('.log [tabindex="0"]').count(), 1);
  await messages(s.page).last().focus();
  await s.page.keyboard.press('ArrowUp');
  const name = await s.page.evaluate(() => document.activeElement.getAttribute('aria-label'));
  assert.match(name, /^[^,]+, .*20\d\d.*Baris 129/);
  const said = s.page.locator('.log-frame [aria-live=polite]');
  await log(s.page).evaluate((el) => { el.scrollTop = 0; });
  await still(s.page);
  assert.equal(await said.textContent(), '');
  await s.server.say('maya', 'izza', 'halo');
  await s.page.waitForFunction(() => document.querySelector('.log-frame [aria-live=polite]').textContent === 'Kholishotul Amaliah: halo');
  await s.stop();
});

/** Holds what matches until it is let go; `seen` is the first of them. */
async function hold(page, pattern, how) {
  let release = () => {};
  const gate = new Promise((done) => { release = done; });
  let seen = () => {};
  const first = new Promise((done) => { seen = done; });
  await page.route(pattern, async (route) => { const go = await how(route); seen(); await gate; await go(); });
  return { seen: first, release };
}

test('W48 a refused reaction takes back only itself: what was deleted meanwhile stays deleted', async () => {
  const s = await start();
  const { page, server } = s;
  const { seq } = await server.say('maya', 'izza', 'rahasia');
  await page.goto(server.url + pathOf(server, 'maya'));
  const row = page.locator(`article[data-seq="${seq}"]`);
  await row.hover();
  const held = await hold(page, /\/reactions\//, (route) => () => route.fulfill({ status: 403, json: { error: { code: 'not_allowed', message: 'no', hint: '' } } }));
  await row.locator('.tool-emoji').first().click();
  await held.seen;
  await row.locator('.reaction[aria-pressed=true]').waitFor();
  await server.api('maya', 'DELETE', `/conversations/${server.ids.izza.maya}/messages/${seq}`);
  await row.locator('.tombstone').waitFor();
  held.release();
  await page.locator('.toast').waitFor();
  assert.equal(await row.locator('.tombstone').count(), 1);
  assert.equal(await log(page).getByText('rahasia').count(), 0);
  await s.stop();
});

test('W47 W49 the quote of a deleted message loses its text, also when it was on its way', async () => {
  const s = await start({ before: async (server) => {
    await server.fill('izza', 'maya', 200);
    for (const seq of [5, 6]) await server.say('maya', 'izza', `jawaban ${seq}`, { reply_to: seq });
    await server.say('maya', 'izza', 'penanda');
  } });
  const { page, server } = s;
  const remove = async (seq) => {
    const { messages: [m] } = await server.api('izza', 'GET', `/conversations/${server.ids.izza.maya}/messages?after=${seq - 1}&limit=1`);
    await server.api(m.author.username, 'DELETE', `/conversations/${server.ids.izza.maya}/messages/${seq}`);
  };
  const held = await hold(page, /after=5&limit=1$/, async (route) => { const response = await route.fetch(); return () => route.fulfill({ response }); });
  await page.goto(server.url + pathOf(server, 'maya'));
  const quote = (seq) => page.locator('article', { hasText: `jawaban ${seq}` }).locator('.quote');
  await quote(5).getByText('Baris 2').waitFor();
  await held.seen;
  await remove(5);
  await quote(5).getByText('deleted').waitFor();
  await remove(6);
  // Told after it: what was deleted before is known, too.
  await remove(203);
  await page.locator('article[data-seq="203"] .tombstone').waitFor();
  held.release();
  await quote(6).getByText('deleted').waitFor();
  await s.stop();
});
