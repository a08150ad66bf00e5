import test from 'node:test';
import assert from 'node:assert/strict';
import { request } from '../real/client.mjs';
import { pathOf, start } from './harness.mjs';

const ground = (page) => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);

test('W61 the theme is there on the first paint, follows the system and can be forced', async () => {
  const t = await start({ theme: 'system', path: '/app/settings/appearance', context: { colorScheme: 'dark' } });
  const { page } = t;
  const dark = await ground(page);
  await page.emulateMedia({ colorScheme: 'light' });
  const light = await ground(page);
  assert.notEqual(dark, light);
  await page.getByRole('radio', { name: 'Dark' }).check();
  assert.equal(await ground(page), dark);
  await page.route('**/*.js', (route) => route.abort()); // what is painted without any script
  await page.reload();
  assert.equal(await ground(page), dark, 'the server set the attribute from the cookie');
  t.faults.length = 0;
  await t.stop();
});

test('W63 everything turns Indonesian at once and stays so', async () => {
  const t = await start({ path: '/app/settings/appearance' });
  const { page, server } = t;
  await page.getByRole('radio', { name: 'Bahasa Indonesia' }).check();
  await page.getByRole('heading', { name: 'Pengaturan' }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'id');
  await page.goto(server.url + pathOf(server, 'Kelompok 3'));
  await page.getByRole('navigation', { name: 'Percakapan dan halaman' }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'id');
  await t.stop();
});

test('name and password: saved, or refused at the field', async () => {
  const t = await start({ path: '/app/settings/account' });
  const { page, server } = t;
  await page.getByLabel('Display name').fill('Izza R.');
  await page.getByLabel('Country').fill('');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.locator('.own-name', { hasText: 'Izza R.' }).waitFor();
  assert.equal((await server.api('izza', 'GET', '/me')).country, null);
  await page.getByLabel('Current password').fill('salah');
  await page.getByLabel('New password').fill('baru');
  await page.getByRole('button', { name: 'Change password' }).click();
  await page.getByText('That password is not right.').waitFor();
  await page.getByLabel('Current password').fill('surabaya');
  await page.getByRole('button', { name: 'Change password' }).click();
  await page.getByText('The password was changed.').waitFor();
  await server.api(null, 'POST', '/sessions', { username: 'izza', password: 'baru' });
  await t.stop();
});

test('a token for nc comes with an example; sessions can be ended one by one and all at once', async () => {
  const t = await start({ path: '/app/settings/terminal' });
  const { page, server } = t;
  await page.getByRole('button', { name: 'Make a token' }).click();
  const token = await page.locator('.settings-made code').textContent();
  const works = () => request(server.url, token, 'GET', '/me').then(() => true, (error) => error.status !== 401);
  assert.ok(await works());
  assert.match(await page.locator('.settings-made pre').textContent(), new RegExp(`'send ${token} izza Halo'[^]*'inbox ${token}'[^]* nc 127\\.0\\.0\\.1 \\d+$`));
  await page.getByRole('link', { name: 'Sessions' }).click();
  await page.getByText('Another session').waitFor();
  await page.getByRole('button', { name: 'End', exact: true }).click();
  await page.getByText('Another session').waitFor({ state: 'detached' });
  assert.ok(!await works());
  await page.getByRole('button', { name: 'Sign out everywhere' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Sign out everywhere' }).click();
  await page.getByRole('heading', { name: /Sign in/ }).waitFor();
  await assert.rejects(server.api('izza', 'GET', '/me'), { status: 401 });
  await t.stop();
});

test('W12 the choice of what Enter does is kept on the account', async () => {
  const t = await start({ path: '/app/settings/writing' });
  await t.page.getByRole('switch', { name: /Enter makes a new line/ }).check();
  await t.page.waitForFunction(() => true);
  await t.page.reload();
  await t.page.getByRole('switch', { name: /Enter makes a new line/, checked: true }).waitFor();
  assert.equal((await t.server.api('izza', 'GET', '/me')).settings.enterSends, false);
  await t.stop();
});
