import test from 'node:test';
import assert from 'node:assert/strict';
import { field, pathOf, start } from './harness.mjs';

test('W08 an empty account is shown three ways to begin, with commands to copy', async () => {
  const t = await start({ user: null, before: (mock) => { mock.world.user('baru', 'Orang Baru', null); } });
  await t.context.addCookies([{ name: 'kabar_session', value: t.mock.cookie('baru'), url: t.mock.url }]);
  const { page } = t;
  await page.goto(`${t.mock.url}/app`);
  await page.getByRole('heading', { name: 'Welcome, Orang Baru' }).waitFor();
  assert.equal(await page.locator('.card').count(), 3);
  assert.match(await page.locator('.card pre').textContent(), /^nc 127\.0\.0\.1 \d+\nauth baru/);
  await page.getByRole('button', { name: 'Join Buku' }).click();
  await page.locator('.chat[aria-current]', { hasText: 'Buku' }).waitFor();
  await t.stop();
});

test('W02 an address opened before signing in is opened after it', async () => {
  const t = await start({ user: null, path: '/app/signin' });
  const { page, mock } = t;
  await page.goto(mock.url + pathOf(mock, 'Kelompok 3', 5));
  await page.getByRole('heading', { name: /Sign in/ }).waitFor();
  await page.getByLabel('Username').fill('izza');
  await page.getByLabel('Password', { exact: true }).fill('surabaya');
  await page.keyboard.press('Enter');
  await page.waitForURL(`**${pathOf(mock, 'Kelompok 3', 5)}`);
  await field(page).waitFor();
  await t.stop();
});

test('W65 by keyboard alone: sign in, switch, send, search, sign out', async () => {
  const t = await start({ user: null, path: '/app/signin' });
  const { page } = t;
  const ring = () => page.evaluate(() => { const s = getComputedStyle(document.activeElement); return document.activeElement.matches(':focus-visible') && (s.outlineStyle !== 'none' || s.boxShadow !== 'none' || document.activeElement.classList.contains('composer-field')); });
  await page.waitForFunction(() => document.activeElement?.name === 'username');
  assert.ok(await ring());
  await page.keyboard.type('izza');
  await page.keyboard.press('Tab');
  await page.keyboard.type('surabaya');
  await page.keyboard.press('Enter');
  await field(page).waitFor();
  await page.locator('html[data-keys]').waitFor();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('henderson');
  await page.getByRole('option', { name: /Jordan Henderson/ }).waitFor();
  await page.keyboard.press('Enter');
  await page.locator('.chat[aria-current]', { hasText: 'Jordan' }).waitFor();
  await page.waitForFunction(() => document.activeElement?.classList.contains('composer-field'));
  await page.keyboard.type('dari papan ketik');
  await page.keyboard.press('Enter');
  await page.locator('.log article', { hasText: 'dari papan ketik' }).waitFor();
  await page.keyboard.press('Control+Shift+F');
  await page.waitForFunction(() => document.activeElement?.type === 'search');
  assert.equal(await page.evaluate(() => document.activeElement.value.trim()), 'in:@henderson');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('settings');
  await page.getByRole('option', { name: 'Settings' }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Settings' }).waitFor();
  for (let i = 0; i < 3; i += 1) {
    await page.keyboard.press('Tab');
    if (await page.evaluate(() => document.activeElement?.textContent.includes('Sign out'))) break;
  }
  assert.ok(await ring());
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: /Sign in/ }).waitFor();
  await t.stop();
});
