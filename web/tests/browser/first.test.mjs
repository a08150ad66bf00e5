import test from 'node:test';
import assert from 'node:assert/strict';
import { field, pathOf, start } from './harness.mjs';

test('W08 an empty account is shown three ways to begin, with commands to copy', async () => {
  const t = await start({ user: 'baru', before: (server) => server.people.account('baru', 'Orang Baru') });
  const { page } = t;
  await page.goto(`${t.server.url}/app`);
  await page.getByRole('heading', { name: 'Welcome, Orang Baru' }).waitFor();
  assert.equal(await page.locator('.card').count(), 3);
  assert.match(await page.locator('.card pre').textContent(), /^nc 127\.0\.0\.1 \d+\nauth baru/);
  await page.getByRole('button', { name: 'Join Buku' }).click();
  await page.locator('.chat[aria-current]', { hasText: 'Buku' }).waitFor();
  await t.stop();
});

test('W02 an address opened before signing in is opened after it', async () => {
  const t = await start({ user: null, path: '/app/signin' });
  const { page, server } = t;
  await page.goto(server.url + pathOf(server, 'Kelompok 3', 5));
  await page.getByRole('heading', { name: /Sign in/ }).waitFor();
  await page.getByLabel('Username').fill('izza');
  await page.getByLabel('Password', { exact: true }).fill('surabaya');
  await page.keyboard.press('Enter');
  await page.waitForURL(`**${pathOf(server, 'Kelompok 3', 5)}`);
  await field(page).waitFor();
  await t.stop();
});
