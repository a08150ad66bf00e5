import test from 'node:test';
import assert from 'node:assert/strict';
import { field, log, messages, pathOf, send, start } from './harness.mjs';

const stored = (server, name) => server.texts('izza', name);
/** It stands in the log and the server has it. */
const sent = async (page, text) => {
  await log(page).getByText(text, { exact: true }).waitFor();
  await page.waitForFunction(() => !document.querySelector('.log .sending'));
};

test('W01 W09 landmarks, focus in the composer, Enter sends once, Shift+Enter makes a line', async () => {
  const s = await start();
  await s.page.goto(s.server.url + pathOf(s.server, 'maya'));
  await messages(s.page).first().waitFor();
  const names = await s.page.evaluate(() => [...document.querySelectorAll('nav, main, aside')].map((e) => [e.tagName, e.getAttribute('aria-label')]));
  assert.deepEqual(names.slice(0, 2).map((n) => n[0]), ['NAV', 'MAIN']);
  assert.equal(new Set(names.map((n) => n[1])).size, names.length);
  await s.page.waitForFunction(() => document.activeElement?.className === 'composer-field');
  await s.page.keyboard.type('satu');
  await s.page.keyboard.press('Shift+Enter');
  await s.page.keyboard.type('dua');
  await s.page.keyboard.press('Enter');
  await log(s.page).getByText('satu\ndua').waitFor();
  assert.equal(await field(s.page).inputValue(), '');
  assert.equal(await s.page.evaluate(() => document.activeElement?.className), 'composer-field');
  await s.page.keyboard.type('   ');
  await s.page.keyboard.press('Enter');
  await send(s.page, 'tiga');
  await sent(s.page, 'tiga');
  assert.deepEqual((await stored(s.server, 'maya')).slice(3), ['satu\ndua', 'tiga']);
  await s.stop();
});

test('W10 an input method\'s Enter sends nothing', async () => {
  const s = await start();
  await s.page.goto(s.server.url + pathOf(s.server, 'maya'));
  await field(s.page).fill('にほん');
  for (const init of [{ isComposing: true, keyCode: 13 }, { isComposing: false, keyCode: 229 }]) {
    await field(s.page).evaluate((el, i) => el.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true, ...i })), init);
  }
  assert.equal(await field(s.page).inputValue(), 'にほん');
  await field(s.page).press('Enter');
  await sent(s.page, 'にほん');
  assert.deepEqual((await stored(s.server, 'maya')).slice(3), ['にほん']);
  await s.stop();
});

test('W11 W69 touch: Enter makes a line, the button sends, letters are 16 px, Back leads to the list', async () => {
  const s = await start({ touch: true, viewport: { width: 390, height: 844 } });
  await s.page.locator(`a[href="${pathOf(s.server, 'maya')}"]`).first().tap();
  await field(s.page).tap();
  assert.equal(await field(s.page).getAttribute('enterkeyhint'), 'enter');
  assert.ok(parseFloat(await field(s.page).evaluate((e) => getComputedStyle(e).fontSize)) >= 16);
  await s.page.keyboard.type('a');
  await s.page.keyboard.press('Enter');
  await s.page.keyboard.type('b');
  await s.page.setViewportSize({ width: 390, height: 480 });
  await s.page.waitForFunction(() => {
    const [last, box] = [[...document.querySelectorAll('.log article')].at(-1), document.querySelector('.composer-field')].map((e) => e.getBoundingClientRect());
    return innerHeight === 480 && last.bottom <= box.top && box.bottom <= 480;
  });
  await s.page.locator('.composer-send').tap();
  await log(s.page).getByText('a\nb').waitFor();
  await s.page.goBack();
  await s.page.waitForFunction(() => location.pathname === '/app');
  await s.stop();
});

test('W12 the setting turns Enter into a new line', async () => {
  const s = await start({ before: (server) => server.api('izza', 'PATCH', '/me', { settings: { enterSends: false } }) });
  await s.page.goto(s.server.url + pathOf(s.server, 'maya'));
  await field(s.page).click();
  await s.page.keyboard.type('a');
  await s.page.keyboard.press('Enter');
  await s.page.keyboard.type('b');
  await s.page.keyboard.press('Control+Enter');
  await log(s.page).getByText('a\nb').waitFor();
  await s.stop();
});

test('W13 a draft and its reply survive a switch and a reload', async () => {
  const s = await start();
  const [a, b] = [pathOf(s.server, 'Kelompok 3'), pathOf(s.server, 'maya')];
  await s.page.goto(s.server.url + a);
  await messages(s.page).last().hover();
  await s.page.locator('.tools button[aria-label="Reply"]').click();
  await s.page.keyboard.type('setengah jadi');
  await s.page.locator(`nav a[href="${b}"]`).click();
  await s.page.waitForFunction((p) => location.pathname === p, b);
  await s.page.reload();
  await s.page.locator(`nav a[href="${a}"]`).click();
  await s.page.locator('.composer-reply').waitFor();
  assert.equal(await field(s.page).inputValue(), 'setengah jadi');
  await field(s.page).press('Enter');
  await s.page.waitForFunction(() => !document.querySelector('.composer-reply'));
  await sent(s.page, 'setengah jadi');
  assert.equal((await s.server.messages('izza', 'Kelompok 3')).at(-1).reply_to, 12);
  assert.equal(await s.page.evaluate(() => localStorage.getItem('kabar.drafts.izza')), '[]');
  await s.stop();
});

test('W14 W46 the arrow opens the last message, Esc leaves it, Enter changes it for everyone', async () => {
  const s = await start();
  await s.page.goto(s.server.url + pathOf(s.server, 'maya'));
  await log(s.page).getByText('Sudah, jalan semua').waitFor();
  await field(s.page).press('ArrowUp');
  await s.page.locator('.editor-field').fill('lain');
  await s.page.keyboard.press('Escape');
  assert.equal((await stored(s.server, 'maya'))[1], 'Sudah, jalan semua 😄');
  await field(s.page).press('ArrowUp');
  await s.page.locator('.editor-field').fill('Sudah, semuanya');
  await s.page.keyboard.press('Enter');
  await s.page.getByText('(edited)').waitFor();
  assert.equal((await stored(s.server, 'maya'))[1], 'Sudah, semuanya');
  await s.stop();
});

test('W15 the composer grows to 40 % and the log stays at its end', async () => {
  const s = await start({ before: (server) => server.fill('izza', 'maya', 80) });
  await s.page.goto(s.server.url + pathOf(s.server, 'maya'));
  await messages(s.page).last().waitFor();
  await field(s.page).fill('baris\n'.repeat(60));
  await s.page.waitForFunction(() => document.querySelector('.composer-field').offsetHeight > 250);
  const { height } = await field(s.page).boundingBox();
  assert.ok(height <= 800 * 0.4 + 1, `${height}`);
  await s.page.waitForFunction(() => { const el = document.querySelector('.log'); return el.scrollHeight - el.scrollTop - el.clientHeight < 2; });
  await s.stop();
});

test('W16 W17 names, commands and emoji are offered; an unknown command stays', async () => {
  const s = await start();
  await s.page.goto(s.server.url + pathOf(s.server, 'Kelompok 3'));
  await field(s.page).click();
  await s.page.keyboard.type('@');
  await s.page.getByRole('listbox').waitFor();
  const first = await field(s.page).getAttribute('aria-activedescendant');
  assert.equal(await s.page.locator(`#${first}`).getAttribute('aria-selected'), 'true');
  await s.page.keyboard.type('may');
  await s.page.keyboard.press('Enter');
  assert.equal(await field(s.page).inputValue(), '@maya ');
  await s.page.keyboard.type(':tad');
  await s.page.keyboard.press('Tab');
  assert.equal(await field(s.page).inputValue(), '@maya 🎉 ');
  await s.page.keyboard.type('@');
  await s.page.getByRole('listbox').waitFor();
  await s.page.keyboard.press('Escape');
  assert.equal(await s.page.getByRole('listbox').count(), 0);
  await field(s.page).fill('/tidakada x');
  await s.page.keyboard.press('Enter');
  await s.page.getByText('There is no command /tidakada').waitFor();
  assert.equal(await field(s.page).inputValue(), '/tidakada x');
  await field(s.page).fill('//x');
  await s.page.keyboard.press('Enter');
  await sent(s.page, '/x');
  assert.deepEqual((await stored(s.server, 'Kelompok 3')).slice(12), ['/x']);
  await s.stop();
});

test('W18 a text over the limit is not sent and not cut', async () => {
  const s = await start();
  await s.page.goto(s.server.url + pathOf(s.server, 'maya'));
  await field(s.page).fill('é'.repeat(33_000));
  await s.page.getByText(/Too long by/).waitFor();
  assert.equal(await s.page.locator('.composer-send').isDisabled(), true);
  await field(s.page).press('Enter');
  assert.equal((await field(s.page).inputValue()).length, 33_000);
  assert.equal((await stored(s.server, 'maya')).length, 3);
  await s.stop();
});

test('W09 a command is sent once, however often Enter is pressed while its meaning is fetched', async () => {
  const s = await start();
  let release = () => {};
  const gate = new Promise((done) => { release = done; });
  await s.page.route('**/submit.js', async (route) => { await gate; await route.continue(); });
  await s.page.goto(s.server.url + pathOf(s.server, 'maya'));
  await messages(s.page).first().waitFor();
  await field(s.page).fill('/me makan');
  for (let i = 0; i < 3; i += 1) await field(s.page).press('Enter');
  await field(s.page).pressSequentially(' dan ini belum');
  release();
  await log(s.page).getByText('makan').first().waitFor();
  assert.equal(await field(s.page).inputValue(), '/me makan dan ini belum', 'what was written meanwhile is still there');
  await send(s.page, 'sesudah');
  await sent(s.page, 'sesudah');
  const texts = (await stored(s.server, 'maya')).slice(3);
  assert.deepEqual([texts.filter((text) => text.includes('makan')).length, texts.length], [1, 2]);
  await s.stop();
});
