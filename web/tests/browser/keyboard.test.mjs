// One journey through everything without a mouse.
import test from 'node:test';
import assert from 'node:assert/strict';
import { field, log, messages, ready, start } from './harness.mjs';

/** What has the keyboard is marked, within the window, and nothing lies over it (WCAG 2.4.7, 2.4.11). */
async function visible(page, step) {
  const fault = await page.evaluate(() => {
    const e = document.activeElement;
    if (!e || e === document.body) return 'nothing has the keyboard';
    const marked = [e, e.parentElement, e.parentElement?.parentElement].some((one) => {
      const style = one && getComputedStyle(one);
      return style && ((style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1) || style.boxShadow !== 'none');
    });
    const box = e.getBoundingClientRect();
    const [left, right] = [Math.max(0, box.left), Math.min(innerWidth, box.right)];
    const [top, bottom] = [Math.max(0, box.top), Math.min(innerHeight, box.bottom)];
    const hit = right > left && bottom > top && document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
    const what = e.outerHTML.slice(0, 120);
    if (!marked) return `not marked: ${what}`;
    if (!hit || !(e.contains(hit) || hit.contains(e))) return `covered by ${hit && hit.outerHTML.slice(0, 80)}: ${what}`;
    return null;
  });
  assert.equal(fault, null, step);
}

/** Presses a key until what has the keyboard fits; it must be in sight all the way. */
async function pressUntil(page, key, selector, step, atMost = 40) {
  for (let i = 0; i < atMost; i += 1) {
    await page.keyboard.press(key);
    await visible(page, `${step}, ${key} ${i + 1}`);
    if (await page.evaluate((wanted) => document.activeElement.matches(wanted), selector)) return;
  }
  assert.fail(`${step}: ${selector} is not reached`);
}

const focusIs = (page, selector) => page.waitForFunction((wanted) => document.activeElement?.matches(wanted), selector);

test('W65 by keyboard alone: sign in, switch, send, edit, react, upload, search, sign out', async () => {
  const t = await start({ user: null, path: '/app/signin' });
  const { page } = t;
  await focusIs(page, '[name=username]');
  await visible(page, 'sign in');
  await page.keyboard.type('izza');
  await pressUntil(page, 'Tab', '[name=password]', 'sign in');
  await page.keyboard.type('surabaya');
  await page.keyboard.press('Enter');
  await ready(page);

  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: /Jump to/ }).waitFor();
  await visible(page, 'switch');
  await page.keyboard.type('henderson');
  await page.getByRole('option', { name: /Jordan Henderson/ }).waitFor();
  await page.keyboard.press('Enter');
  await page.locator('.chat[aria-current]', { hasText: 'Jordan' }).waitFor();
  await focusIs(page, '.composer-field');
  await visible(page, 'switched');

  await page.keyboard.type('dari papan ketik');
  await page.keyboard.press('Enter');
  const sent = messages(page).filter({ hasText: 'dari papan ketik' });
  await sent.waitFor();
  await page.waitForFunction(() => !document.querySelector('.sending'));

  await page.keyboard.press('ArrowUp');
  await focusIs(page, '.editor-field');
  await visible(page, 'edit');
  await page.keyboard.press('End');
  await page.keyboard.type(' saja');
  await page.keyboard.press('Enter');
  await sent.getByText('(edited)').waitFor();
  await focusIs(page, '.composer-field, .log article');

  await page.evaluate(() => document.querySelector('.composer-field').focus());
  await pressUntil(page, 'Shift+Tab', '.log article, .log article *', 'into the log');
  await page.keyboard.press('Escape');
  if (await field(page).evaluate((e) => e === document.activeElement)) await pressUntil(page, 'Shift+Tab', '.log article, .log article *', 'into the log');
  await page.keyboard.press('ArrowUp');
  await visible(page, 'up the log');
  await page.keyboard.press('ArrowDown');
  await visible(page, 'down the log');
  await pressUntil(page, 'Tab', '.tools .tool-emoji', 'react');
  await page.keyboard.press('Enter');
  await page.locator('.log .reaction[aria-pressed=true]').waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await focusIs(page, '.composer-field');

  // Browsers open a chooser only soon after a key that counts; Esc does not.
  await page.keyboard.type('x');
  await page.keyboard.press('Backspace');
  const chooser = page.waitForEvent('filechooser');
  await page.keyboard.press('Control+u');
  await (await chooser).setFiles({ name: 'lampiran.txt', mimeType: 'text/plain', buffer: Buffer.from('isi') });
  await page.locator('.chip', { hasText: 'lampiran.txt' }).waitFor();
  await focusIs(page, '.composer-field');
  await visible(page, 'upload');
  await page.keyboard.press('Enter');
  await log(page).getByText('lampiran.txt').waitFor();

  await page.keyboard.press('Control+Shift+F');
  await focusIs(page, '[type=search]');
  await visible(page, 'search');
  assert.equal(await page.evaluate(() => document.activeElement.value.trim()), 'in:@henderson');
  await page.keyboard.press('End');
  await page.keyboard.type(' has:file');
  await page.locator('.result', { hasText: 'lampiran.txt' }).waitFor();
  await page.keyboard.press('ArrowDown');
  await focusIs(page, 'a.result');
  await visible(page, 'result');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/app\/c\/c\d+\/\d+$/);
  await messages(page).last().waitFor();

  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: /Jump to/ }).waitFor();
  await page.keyboard.type('settings');
  await page.getByRole('option', { name: 'Settings' }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Settings' }).waitFor();
  for (let i = 0; i < 40; i += 1) {
    await page.keyboard.press('Tab');
    await visible(page, `sign out, Tab ${i + 1}`);
    if (await page.evaluate(() => /Sign out/.test(document.activeElement.textContent) && document.activeElement.tagName === 'BUTTON')) break;
  }
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: /Sign in/ }).waitFor();
  await page.waitForFunction(() => document.activeElement?.getAttribute('name') === 'username');
  await t.stop();
});
