import test from 'node:test';
import assert from 'node:assert/strict';
import { field, pathOf, start } from './harness.mjs';

test('W56 search marks matches, Enter opens in context, Back has the results, Esc returns to where I was', async () => {
  const t = await start({ path: '/app' });
  const { page, server } = t;
  await page.goto(server.url + pathOf(server, 'henderson'));
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
  await page.waitForURL(`**${pathOf(server, 'henderson')}`);
  await t.stop();
});

test('W56 an unknown operator is explained; nothing found is said', async () => {
  const t = await start({ path: '/app/search?q=warna:merah' });
  const { page } = t;
  await page.getByRole('alert').getByText('warna: is no operator').waitFor();
  await page.getByRole('searchbox').fill('xyzzy');
  await page.getByText('Nothing found').waitFor();
  await page.getByRole('button', { name: 'has:file' }).click();
  await page.getByRole('searchbox').fill('has:file');
  await page.getByText('catatan-selasa.pdf').waitFor();
  await t.stop();
});

test('W56 from: in: after: before: has: together; quickly in 100,000 messages', async () => {
  const t = await start({ world: 'huge', path: '/app/search' });
  const { page, server } = t;
  const today = new Date().toISOString().slice(0, 10);
  await server.people.file('maya', server.ids.maya['Kelompok 3'], 'deploy-log.txt', Buffer.from('x'), 'deploy selesai');
  await server.say('izza', 'Kelompok 3', 'deploy dimulai');
  const found = async (query) => {
    const answer = page.waitForResponse((r) => r.url().includes('/api/v1/search') && new URL(r.url()).searchParams.get('q') === query);
    await page.getByRole('searchbox').fill(query);
    const { results } = await (await answer).json();
    await page.waitForFunction((count) => document.querySelectorAll('a.result').length === count, results.length);
    return results.length;
  };
  assert.equal(await found('deploy'), 2);
  assert.equal(await found(`deploy from:maya in:"Kelompok 3" after:2026-01-01 has:file`), 1);
  assert.equal(await page.locator('.result mark').first().textContent(), 'deploy');
  assert.equal(await found(`deploy from:izza has:file`), 0);
  assert.equal(await found(`deploy before:2026-01-01`), 0);
  assert.equal(await found(`deploy after:${today}`) <= 2, true);
  const took = [];
  for (let i = 0; i < 3; i += 1) {
    const began = performance.now();
    const { results } = await server.api('izza', 'GET', `/search?q=${encodeURIComponent('Baris 4242 from:maya')}`);
    took.push(performance.now() - began);
    assert.ok(results.some((r) => r.message.text.startsWith('Baris 4242 ')));
  }
  assert.ok(Math.min(...took) <= 500, `${took} ms`);
  await t.stop();
});

test('W50 the mentions view lists where I was named and opens it', async () => {
  const t = await start({ path: '/app' });
  const { page, server } = t;
  await page.locator('html[data-keys]').waitFor();
  await page.getByRole('link', { name: 'Mentions 1 mention' }).waitFor();
  await page.keyboard.press('Control+Shift+M');
  await page.locator('.result', { hasText: 'jangan lupa halaman judul' }).waitFor();
  assert.equal(await page.locator('.result').count(), 2);
  const { seq } = await server.say('nania', 'Kelompok 3', 'terima kasih @izza');
  await page.locator('.result', { hasText: 'terima kasih' }).click();
  await page.waitForURL(`**${pathOf(server, 'Kelompok 3', seq)}`);
  await t.stop();
});
