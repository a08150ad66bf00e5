import test from 'node:test';
import assert from 'node:assert/strict';
import { field, pathOf, start } from './harness.mjs';

test('W56 search marks matches, Enter opens in context, Back has the results, Esc returns to where I was', async () => {
  const t = await start({ path: '/app' });
  const { page, mock } = t;
  await page.goto(mock.url + pathOf(mock, 'henderson'));
  await field(page).waitFor();
  await page.getByRole('link', { name: 'Search' }).first().click();
  const box = page.getByRole('searchbox');
  await box.waitFor();
  await page.waitForFunction(() => document.activeElement?.type === 'search');
  await page.keyboard.type('from:maya laporan');
  await page.locator('.result mark', { hasText: 'laporan' }).first().waitFor();
  assert.equal(await page.locator('.result-top .row-name', { hasNotText: 'Kholishotul' }).count(), 0);
  await page.keyboard.press('Enter');
  const wanted = await page.evaluate(() => document.activeElement?.getAttribute('href'));
  assert.match(wanted, /\/app\/c\/c\d+\/\d+/);
  await page.keyboard.press('Enter');
  await page.waitForURL(`**${wanted}`);
  await page.goBack();
  await page.locator('.result mark').first().waitFor();
  assert.equal(await box.inputValue(), 'from:maya laporan');
  await box.focus();
  await page.keyboard.press('Escape');
  await page.waitForURL(`**${pathOf(mock, 'henderson')}`);
  await t.stop();
});

test('W56 an unknown operator is explained; nothing found is said', async () => {
  const t = await start({ path: '/app/search?q=warna:merah' });
  const { page } = t;
  await page.getByRole('alert').getByText('warna: is not an operator').waitFor();
  await page.getByRole('searchbox').fill('xyzzy');
  await page.getByText('Nothing found').waitFor();
  await page.getByRole('button', { name: 'has:file' }).click();
  await page.getByRole('searchbox').fill('has:file');
  await page.getByText('catatan-selasa.pdf').waitFor();
  await t.stop();
});

test('W50 the mentions view lists where I was named and opens it', async () => {
  const t = await start({ path: '/app' });
  const { page, mock } = t;
  await page.locator('html[data-keys]').waitFor();
  await page.getByRole('link', { name: 'Mentions 1 mention' }).waitFor();
  await page.keyboard.press('Control+Shift+M');
  await page.locator('.result', { hasText: 'jangan lupa halaman judul' }).waitFor();
  assert.equal(await page.locator('.result').count(), 2);
  mock.say('nania', 'Kelompok 3', 'terima kasih @izza');
  await page.locator('.result', { hasText: 'terima kasih' }).click();
  await page.waitForURL(`**${pathOf(mock, 'Kelompok 3', 13)}`);
  await t.stop();
});
