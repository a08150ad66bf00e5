import test from 'node:test';
import assert from 'node:assert/strict';
import { field, log, messages, pathOf, start } from './harness.mjs';

const seqs = (mock, name) => mock.find('izza', name).messages.map((m) => m.text);

test('W01 W09 landmarks, focus in the composer, Enter sends once, Shift+Enter makes a line', async () => {
  const s = await start();
  await s.page.goto(s.mock.url + pathOf(s.mock, 'maya'));
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
  await s.page.waitForTimeout(150);
  assert.deepEqual(seqs(s.mock, 'maya').slice(3), ['satu\ndua']);
  await s.stop();
});

test('W10 an input method\'s Enter sends nothing', async () => {
  const s = await start();
  await s.page.goto(s.mock.url + pathOf(s.mock, 'maya'));
  await field(s.page).fill('にほん');
  for (const init of [{ isComposing: true, keyCode: 13 }, { isComposing: false, keyCode: 229 }]) {
    await field(s.page).evaluate((el, i) => el.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true, ...i })), init);
  }
  await s.page.waitForTimeout(100);
  assert.equal(await field(s.page).inputValue(), 'にほん');
  assert.equal(seqs(s.mock, 'maya').length, 3);
  await s.stop();
});

test('W11 W69 touch: Enter makes a line, the button sends, letters are 16 px, Back leads to the list', async () => {
  const s = await start({ touch: true, viewport: { width: 390, height: 844 } });
  await s.page.locator(`a[href="${pathOf(s.mock, 'maya')}"]`).first().tap();
  await field(s.page).tap();
  assert.equal(await field(s.page).getAttribute('enterkeyhint'), 'enter');
  assert.ok(parseFloat(await field(s.page).evaluate((e) => getComputedStyle(e).fontSize)) >= 16);
  await s.page.keyboard.type('a');
  await s.page.keyboard.press('Enter');
  await s.page.keyboard.type('b');
  await s.page.setViewportSize({ width: 390, height: 480 });
  await s.page.waitForTimeout(150);
  const last = await messages(s.page).last().boundingBox();
  const box = await field(s.page).boundingBox();
  assert.ok(last.y + last.height <= box.y && box.y + box.height <= 480);
  await s.page.locator('.composer-send').tap();
  await log(s.page).getByText('a\nb').waitFor();
  await s.page.goBack();
  await s.page.waitForFunction(() => location.pathname === '/app');
  await s.stop();
});

test('W12 the setting turns Enter into a new line', async () => {
  const s = await start({ before: (mock) => { mock.world.users.get('izza').settings = { enterSends: false }; } });
  await s.page.goto(s.mock.url + pathOf(s.mock, 'maya'));
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
  const [a, b] = [pathOf(s.mock, 'Kelompok 3'), pathOf(s.mock, 'maya')];
  await s.page.goto(s.mock.url + a);
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
  await s.page.waitForTimeout(200);
  assert.equal(s.mock.find('izza', 'Kelompok 3').messages.at(-1).reply_to, 12);
  assert.equal(await s.page.evaluate(() => localStorage.getItem('kabar.drafts.izza')), '[]');
  await s.stop();
});

test('W14 W46 the arrow opens the last message, Esc leaves it, Enter changes it for everyone', async () => {
  const s = await start();
  await s.page.goto(s.mock.url + pathOf(s.mock, 'maya'));
  await log(s.page).getByText('Sudah, jalan semua').waitFor();
  await field(s.page).press('ArrowUp');
  await s.page.locator('.editor-field').fill('lain');
  await s.page.keyboard.press('Escape');
  assert.equal(seqs(s.mock, 'maya')[1], 'Sudah, jalan semua 😄');
  await field(s.page).press('ArrowUp');
  await s.page.locator('.editor-field').fill('Sudah, semuanya');
  await s.page.keyboard.press('Enter');
  await s.page.getByText('(edited)').waitFor();
  assert.equal(seqs(s.mock, 'maya')[1], 'Sudah, semuanya');
  await s.stop();
});

test('W15 the composer grows to 40 % and the log stays at its end', async () => {
  const s = await start({ before: (mock) => mock.fill('maya', 80) });
  await s.page.goto(s.mock.url + pathOf(s.mock, 'maya'));
  await messages(s.page).last().waitFor();
  await field(s.page).fill('baris\n'.repeat(60));
  await s.page.waitForTimeout(150);
  const { height } = await field(s.page).boundingBox();
  assert.ok(height <= 800 * 0.4 + 1 && height > 250, `${height}`);
  const rest = await s.page.locator('.log').evaluate((el) => el.scrollHeight - el.scrollTop - el.clientHeight);
  assert.ok(rest < 2, `${rest}`);
  await s.stop();
});

test('W16 W17 names, commands and emoji are offered; an unknown command stays', async () => {
  const s = await start();
  await s.page.goto(s.mock.url + pathOf(s.mock, 'Kelompok 3'));
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
  await log(s.page).getByText('/x', { exact: true }).waitFor();
  assert.deepEqual(seqs(s.mock, 'Kelompok 3').slice(12), ['/x']);
  await s.stop();
});

test('W18 a text over the limit is not sent and not cut', async () => {
  const s = await start();
  await s.page.goto(s.mock.url + pathOf(s.mock, 'maya'));
  await field(s.page).fill('é'.repeat(33_000));
  await s.page.getByText(/Too long by/).waitFor();
  assert.equal(await s.page.locator('.composer-send').isDisabled(), true);
  await field(s.page).press('Enter');
  assert.equal((await field(s.page).inputValue()).length, 33_000);
  assert.equal(seqs(s.mock, 'maya').length, 3);
  await s.stop();
});
