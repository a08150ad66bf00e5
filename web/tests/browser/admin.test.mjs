import test from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { start } from './harness.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const row = (page, username) => page.locator('.page-body .row', { hasText: `@${username} ` });
const account = async (server, username) => (await server.api('izza', 'GET', `/admin/users?q=${username}`)).users[0];
const deed = async (page, name, what) => {
  await page.getByRole('button', { name: `Actions for ${name}` }).click();
  await page.getByRole('menuitem', { name: what }).click();
};
const confirm = (page, what) => page.getByRole('dialog').getByRole('button', { name: what }).click();
const signsIn = (server, username, password) => server.api(null, 'POST', '/sessions', { username, password }).then(() => true, (error) => error.code);

test('an administrator finds accounts, page by page, and changes what they may do', async () => {
  const t = await start({ path: '/app' });
  const { page, server } = t;
  // Six accounts are many when three are a page.
  await page.route('**/admin/users?*', (route) => route.continue({ url: route.request().url().replace('limit=50', 'limit=3') }));
  await page.getByRole('link', { name: 'Administration' }).click();
  await page.getByRole('button', { name: 'Show more' }).click();
  await row(page, 'nania').waitFor();
  assert.deepEqual(await page.locator('.page-body .row-name').allTextContents(), ['Jordan Henderson', 'Rahmadani Izzatul', 'Gary Lineker', 'Kholishotul Amaliah', 'Lionel Messi', 'Azizatul Hikmaniyah']);
  assert.equal(await page.getByRole('button', { name: 'Show more' }).count(), 0);
  await row(page, 'izza').getByText('Administrator').waitFor();

  await page.getByRole('searchbox', { name: 'Find users' }).fill('lio');
  await row(page, 'izza').waitFor({ state: 'detached' });
  await deed(page, 'Lionel Messi', 'Make administrator');
  await row(page, 'messi').getByText('Administrator').waitFor();
  assert.equal((await account(server, 'messi')).role, 'administrator');
  await deed(page, 'Lionel Messi', 'Take administrator role away');
  await row(page, 'messi').getByText('Administrator').waitFor({ state: 'detached' });
  await page.getByRole('searchbox', { name: 'Find users' }).fill('izza');
  await deed(page, 'Rahmadani Izzatul', 'Take administrator role away');
  await page.getByText(/needs an administrator/).waitFor();
  assert.equal((await account(server, 'izza')).role, 'administrator');
  await t.stop();
});

test('disabling, a new password and ending sessions ask first, then hold', async () => {
  const t = await start({ path: '/app/admin/users' });
  const { page, server } = t;
  await deed(page, 'Lionel Messi', 'Disable account');
  await confirm(page, 'Cancel');
  assert.equal((await account(server, 'messi')).disabled, false, 'nothing happens before the answer');
  await deed(page, 'Lionel Messi', 'Disable account');
  await confirm(page, 'Disable account');
  await row(page, 'messi').getByText('Disabled').waitFor();
  await row(page, 'messi').getByText('0 sessions').waitFor();
  assert.notEqual(await signsIn(server, 'messi', 'surabaya'), true);
  await deed(page, 'Lionel Messi', 'Enable account');
  await row(page, 'messi').getByText('Disabled').waitFor({ state: 'detached' });
  assert.equal(await signsIn(server, 'messi', 'surabaya'), true);

  await deed(page, 'Gary Lineker', 'Reset password');
  await confirm(page, 'Reset password');
  const dialog = page.getByRole('dialog', { name: 'New password for Gary Lineker' });
  const password = await dialog.locator('code').nth(1).textContent();
  assert.notEqual(await signsIn(server, 'lineker', 'surabaya'), true);
  assert.equal(await signsIn(server, 'lineker', password), true);
  await dialog.getByRole('button', { name: 'Done' }).click();
  await dialog.waitFor({ state: 'detached' });
  assert.ok(!(await page.content()).includes(password), 'it was shown once');

  await deed(page, 'Jordan Henderson', 'End sessions');
  await confirm(page, 'End sessions');
  await row(page, 'henderson').getByText('0 sessions').waitFor();
  await assert.rejects(server.api('henderson', 'GET', '/me'), { status: 401 });
  await t.stop();
});

test('an account is added with a password that is shown once; a name that is taken is refused at its field', async () => {
  const t = await start({ path: '/app/admin/users', lang: 'id' });
  const { page, server } = t;
  await page.getByRole('button', { name: 'Tambah pengguna' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Nama pengguna').fill('messi');
  await dialog.getByRole('button', { name: 'Tambah pengguna' }).click();
  await dialog.getByText('Nama pengguna itu sudah dipakai').waitFor();
  await dialog.getByLabel('Nama pengguna').fill('ani');
  await dialog.getByLabel('Nama tampilan').fill('Ani <b>Wijaya</b>');
  await dialog.getByRole('radio', { name: 'Administrator' }).check();
  await dialog.getByRole('button', { name: 'Tambah pengguna' }).click();
  await page.getByRole('dialog', { name: 'Akun ani sudah siap' }).waitFor();
  const password = await dialog.locator('code').nth(1).textContent();
  await dialog.getByRole('button', { name: 'Selesai' }).click();
  await row(page, 'ani').getByText('Ani <b>Wijaya</b>').waitFor();
  assert.equal(await signsIn(server, 'ani', password), true);
  assert.equal((await account(server, 'ani')).role, 'administrator');
  await t.stop();
});

test('limits: how the server is, each limit with the setting that changes it', async () => {
  const t = await start({ path: '/app/admin/users', env: { KABAR_FILES__MAX_SIZE: '5000000' } });
  const { page, server } = t;
  await page.getByRole('link', { name: 'Limits' }).click();
  const limit = (name) => page.locator('.limits .row', { hasText: name });
  await limit('Largest file').filter({ hasText: 'files.max_size' }).getByText('5 MB').waitFor();
  const seen = await server.api('izza', 'GET', '/admin/overview');
  assert.equal(await page.locator('.limits .row').count(), seen.limits.length);
  for (const name of await page.locator('.limits .row-name').allTextContents()) assert.match(name, / /, `${name} has words`);
  assert.equal(await page.locator('.fact', { hasText: 'Accounts' }).locator('dd').textContent(), String(seen.users));
  await limit('Longest message').getByText('cannot be changed').waitFor();
  await page.getByText('[accounts]\nregistration = "open"').waitFor();
  await t.stop();
});

test('who is no administrator has no link, and a clear page at the address', async () => {
  const t = await start({ user: 'messi', path: '/app/admin/users' });
  const { page, server } = t;
  await page.getByRole('heading', { name: 'Only for administrators' }).waitFor();
  await page.locator('.chat').first().waitFor();
  assert.equal(await page.getByRole('link', { name: 'Administration' }).count(), 0);
  assert.ok(!server.requests.some((wish) => wish.includes('/admin/')), 'nothing is asked for in vain');
  await t.stop();
});

for (const [theme, viewport] of [['light', { width: 1280, height: 800 }], ['dark', { width: 390, height: 844 }]]) {
  test(`W62 axe finds nothing in the dialogs of administration and of programs: ${theme}, ${viewport.width} px`, async () => {
    const t = await start({ path: '/app/admin/users', theme, viewport, context: { bypassCSP: true, reducedMotion: 'reduce' } });
    const { page, server } = t;
    const found = [];
    const check = async (where) => {
      await page.addScriptTag({ content: axe });
      const { violations } = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
      for (const v of violations) for (const n of v.nodes) found.push(`${where}: ${v.id}: ${n.html.slice(0, 140)}`);
    };
    await page.getByRole('button', { name: 'Add user' }).click();
    await page.getByRole('dialog').waitFor();
    await check('add');
    await page.keyboard.press('Escape');
    await deed(page, 'Gary Lineker', 'Reset password');
    await page.getByRole('dialog').waitFor();
    await check('confirm');
    await confirm(page, 'Reset password');
    await page.getByRole('dialog', { name: /New password/ }).waitFor();
    await check('password');
    await page.goto(`${server.url}/app/settings/programs`);
    await page.getByRole('button', { name: 'New program' }).click();
    await page.getByRole('dialog').getByLabel('Name').fill('x'.repeat(64));
    await check('program');
    await page.getByRole('dialog').getByRole('button', { name: 'Make a token' }).click();
    await page.getByText('The token is ready').waitFor();
    await check('token');
    assert.deepEqual(found, []);
    await t.stop();
  });
}
