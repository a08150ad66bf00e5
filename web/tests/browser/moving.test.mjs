import test from 'node:test';
import assert from 'node:assert/strict';
import { field, pathOf, ready, start } from './harness.mjs';

const nameOf = (page) => page.locator('.chat[aria-current] .chat-name').textContent();

test('W03 Ctrl+K and two letters filter, unread first; Enter opens, Esc gives the focus back', async () => {
  const t = await start({ before: (server) => server.say('nania', 'nania', 'x') });
  const { page } = t;
  await ready(page);
  await field(page).focus();
  await page.keyboard.press('Control+k');
  const combobox = page.getByRole('combobox', { name: /Jump to/ });
  await combobox.waitFor();
  await page.keyboard.type('an');
  const options = page.getByRole('listbox').getByRole('option');
  await options.first().waitFor();
  assert.equal(await combobox.getAttribute('aria-activedescendant'), await options.first().getAttribute('id'));
  await page.keyboard.press('Escape');
  await combobox.waitFor({ state: 'detached' });
  await page.waitForFunction(() => document.activeElement?.classList.contains('composer-field'));
  await page.keyboard.press('Control+k');
  await page.keyboard.type('kelo');
  await page.getByRole('option', { name: /Kelompok 3/ }).waitFor();
  await page.keyboard.press('Enter');
  await page.waitForURL(`**${pathOf(t.server, 'Kelompok 3')}`);
  assert.equal(await page.getByRole('combobox', { name: /Jump to/ }).count(), 0);
  await t.stop();
});

test('W03 a person never written to is found on the server and a conversation begins', async () => {
  const t = await start();
  await ready(t.page);
  await t.page.keyboard.press('Control+k');
  await t.page.keyboard.type('line');
  await t.page.getByRole('option', { name: /Gary Lineker/ }).waitFor();
  await t.page.keyboard.press('Enter');
  await t.page.locator('.chat[aria-current]', { hasText: 'Gary Lineker' }).waitFor();
  await t.stop();
});

test('a move made while a closing dialog goes back arrives, and stays', async () => {
  const t = await start();
  await ready(t.page);
  await t.page.keyboard.press('Control+k');
  await t.page.locator('dialog[open]').waitFor();
  const wanted = await t.page.evaluate(() => new Promise((gone) => {
    const link = /** @type {HTMLAnchorElement} */ (document.querySelector('a.chat:not([aria-current])'));
    document.querySelector('dialog[open]').dispatchEvent(new Event('cancel', { cancelable: true }));
    setTimeout(() => { link.click(); gone(link.pathname); });
  }));
  await t.page.waitForFunction((path) => location.pathname === path && !history.state?.overlay, wanted);
  await t.page.waitForTimeout(300);
  assert.equal(new URL(t.page.url()).pathname, wanted);
  await t.stop();
});

test('W04 Alt+Shift+Down visits only the unread ones, round the end; Alt+Down every one', async () => {
  const t = await start({ before: async (server) => {
    await server.readAll('izza');
    // Two unread that are not the newest, so that something lies before, between and behind them.
    for (const [from, to] of [['henderson', 'izza'], ['izza', 'messi'], ['maya', 'izza'], ['izza', 'Kelompok 3']]) await server.say(from, to, 'lagi');
  }, path: '/app' });
  const { page } = t;
  await ready(page);
  await page.evaluate(() => Object.defineProperty(document, 'hasFocus', { value: () => false }));
  await page.evaluate(() => dispatchEvent(new Event('blur'))); // what is opened stays unread
  const visited = [];
  for (let i = 0; i < 3; i += 1) {
    const before = page.url();
    await page.keyboard.press('Alt+Shift+ArrowDown');
    await page.waitForURL((url) => url.href !== before);
    await page.waitForFunction(() => document.querySelector('.chat[aria-current]')?.pathname === location.pathname);
    visited.push(await nameOf(page));
  }
  assert.deepEqual(visited, ['Kholishotul Amaliah', 'Jordan Henderson', 'Kholishotul Amaliah']);
  await page.keyboard.press('Alt+ArrowDown');
  await page.locator('.chat[aria-current]', { hasText: 'Lionel Messi' }).waitFor();
  await page.keyboard.press('Alt+ArrowDown');
  await page.locator('.chat[aria-current]', { hasText: 'Jordan Henderson' }).waitFor();
  await t.stop();
});

test('W05 Ctrl+/ lists the table the code uses; single letters do nothing until turned on', async () => {
  const t = await start();
  const { page } = t;
  await ready(page);
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press('Control+/');
  const dialog = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await dialog.waitFor();
  assert.ok(await dialog.locator('.help-row').count() > 20);
  await dialog.getByText('Off. They can be turned on').waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await page.waitForFunction(() => !history.state?.overlay); // the closed dialog has gone back
  await page.goto(`${t.server.url}/app/settings/writing`);
  await page.getByRole('switch', { name: /Single-letter/ }).check();
  await page.goto(`${t.server.url}${pathOf(t.server, 'messi')}`);
  await ready(page);
  await page.waitForFunction(() => document.activeElement?.classList.contains('composer-field'));
  await page.evaluate(() => document.activeElement.blur());
  await page.waitForFunction(() => document.activeElement === document.body);
  await page.keyboard.press('j');
  await page.locator('.chat[aria-current]', { hasText: 'Kelompok 3' }).waitFor();
  await t.stop();
});

test('W06 a letter typed anywhere goes to the composer', async () => {
  const t = await start();
  const { page } = t;
  await ready(page);
  await page.waitForFunction(() => document.activeElement?.classList.contains('composer-field'));
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.type('hai');
  assert.equal(await field(page).inputValue(), 'hai');
  await t.stop();
});

test('W07 Ctrl+F6 walks list, log, composer and panel, each with a visible ring', async () => {
  const t = await start({ path: '/app' });
  const { page } = t;
  await page.goto(t.server.url + pathOf(t.server, 'Kelompok 3'));
  await ready(page);
  await page.keyboard.press('Control+.');
  await page.getByRole('complementary').waitFor();
  await field(page).focus();
  const seen = [];
  for (let i = 0; i < 4; i += 1) {
    await page.keyboard.press('Control+F6');
    seen.push(await page.evaluate(() => {
      const e = document.activeElement;
      // The composer's ring goes round its whole box.
      const [ring, box] = [getComputedStyle(e), getComputedStyle(e.closest('.composer-box') ?? e)];
      const outlined = ring.outlineStyle !== 'none' && parseFloat(ring.outlineWidth) >= 2 && !/rgba\(.*, 0\)|transparent/.test(ring.outlineColor);
      if (!outlined && box.boxShadow === 'none') return `no ring: ${e.outerHTML.slice(0, 80)}`;
      return e.id === 'panel' ? 'panel' : e.closest('nav') ? 'list' : e.closest('[role=log]') ? 'log' : e.classList.contains('composer-field') ? 'composer' : e.outerHTML.slice(0, 80);
    }));
  }
  assert.deepEqual(seen, ['panel', 'list', 'log', 'composer']);
  await t.stop();
});

test('W69 Back closes a dialog first, then leaves the page', async () => {
  const t = await start({ viewport: { width: 390, height: 844 }, path: '/app' });
  const { page } = t;
  await page.getByRole('link', { name: /Lionel Messi/ }).click();
  await page.waitForURL(/\/app\/c\//);
  const inside = page.url();
  await page.locator('html[data-keys]').waitFor();
  await page.keyboard.press('Control+k');
  await page.getByRole('dialog').waitFor();
  await page.goBack();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.equal(page.url(), inside);
  await page.goBack();
  await page.waitForURL(/\/app$/);
  await page.getByRole('link', { name: /Lionel Messi/ }).waitFor();
  await t.stop();
});

test('W69 the panel covers a narrow screen: Back takes it away, and closing it leaves no entry behind', async () => {
  const t = await start({ viewport: { width: 390, height: 844 }, path: '/app' });
  const { page } = t;
  await page.getByRole('link', { name: /Kelompok 3/ }).click();
  await ready(page);
  await page.keyboard.press('Control+.');
  await page.getByRole('complementary').waitFor();
  await page.goBack();
  await page.getByRole('complementary').waitFor({ state: 'detached' });
  await page.keyboard.press('Control+.');
  await page.getByRole('button', { name: 'Close panel' }).click();
  await page.getByRole('complementary').waitFor({ state: 'detached' });
  await page.waitForFunction(() => !history.state?.overlay);
  await page.goBack();
  await page.waitForURL(/\/app$/);
  await t.stop();
});
