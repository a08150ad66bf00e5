import test from 'node:test';
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { start } from './harness.mjs';

test('W67 signing in: a wrong password is told at its field, the right one leads in', async () => {
  const t = await start({ user: null, path: '/app/signin' });
  const { page } = t;
  await page.getByRole('heading', { name: 'Sign in to surabaya' }).waitFor();
  const [username, password] = [page.getByLabel('Username'), page.getByLabel('Password', { exact: true })];
  assert.equal(await username.getAttribute('autocomplete'), 'username');
  assert.equal(await password.getAttribute('autocomplete'), 'current-password');
  await username.fill('izza');
  await password.fill('salah');
  await page.keyboard.press('Enter');
  await page.getByText('That password is not right.').waitFor();
  assert.equal(await password.getAttribute('aria-invalid'), 'true');
  await page.getByRole('button', { name: 'Show password' }).click();
  assert.equal(await page.getByLabel('Password', { exact: true }).getAttribute('type'), 'text');
  await page.getByLabel('Password', { exact: true }).fill('surabaya');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('navigation', { name: 'Conversations and places' }).waitFor();
  await t.stop();
});

test('registering takes a free name, refuses a taken one and lands in the app', async () => {
  const t = await start({ user: null, path: '/app/register', lang: 'id' });
  const { page } = t;
  await page.getByLabel('Nama pengguna').fill('maya');
  await page.getByLabel('Kata sandi', { exact: true }).fill('rahasia');
  await page.getByRole('button', { name: 'Daftar' }).click();
  await page.getByText('Nama pengguna itu sudah dipakai').waitFor();
  await page.getByLabel('Nama pengguna').fill('kartika');
  await page.getByLabel('Nama tampilan').fill('Kartika Sari');
  await page.getByRole('button', { name: 'Daftar' }).click();
  await page.locator('.own-name', { hasText: 'Kartika Sari' }).waitFor();
  await t.stop();
});

test('the set-up link makes an administrator; a used one is refused in words', async () => {
  const t = await start({ user: null, world: 'empty', path: '/app/setup#k=lama' });
  const { page } = t;
  const fill = async () => {
    await page.getByLabel('Username').fill('kepala');
    await page.getByLabel('Password', { exact: true }).fill('surabaya');
    await page.getByRole('button', { name: 'Create the administrator' }).click();
  };
  await fill();
  const over = page.getByRole('heading', { name: 'This link is no longer good' });
  await over.waitFor();
  // Without a terminal the link is in a file beside the data.
  const link = new URL((await readFile(join(t.server.data, 'setup-link'), 'utf8')).trim());
  await page.goto('about:blank');
  await page.goto(t.server.url + link.pathname + link.hash);
  await fill();
  await page.locator('.own-username', { hasText: 'kepala' }).waitFor();
  assert.equal((await t.page.evaluate(async () => (await fetch('/api/v1/me')).json())).role, 'administrator');
  await page.goto('about:blank');
  await page.goto(t.server.url + link.pathname + link.hash);
  await over.waitFor();
  assert.equal(await page.getByRole('button', { name: 'Create the administrator' }).count(), 0, 'nobody types in vain');
  await t.stop();
});

test('an invitation leads through registering into its group; an ended one says so', async () => {
  const t = await start({ user: null, path: '/app/signin' });
  const { page, server } = t;
  const invite = () => server.api('izza', 'POST', `/conversations/${server.ids.izza['Kelompok 3']}/invitations`, { uses: 1, expires_in: 3600 });
  const { code } = await invite();
  await page.goto(`${server.url}/app/i/${code}`);
  await page.getByRole('heading', { name: 'You are invited to Kelompok 3' }).waitFor();
  await page.getByRole('link', { name: 'Register' }).click();
  await page.getByText('you will join the group Kelompok 3').waitFor();
  await page.getByLabel('Username').fill('tamu');
  await page.getByLabel('Password', { exact: true }).fill('surabaya');
  await page.getByRole('button', { name: 'Register' }).click();
  await page.waitForURL(/\/app\/c\//);
  await page.locator('.chat-name', { hasText: 'Kelompok 3' }).waitFor();
  await page.goto(`${server.url}/app/i/${code}`);
  await page.getByText('This invitation has expired').waitFor();
  await t.stop();
});

test('signing out ends the session on the server and shows the form', async () => {
  const t = await start({ path: '/app/settings' });
  await t.page.getByRole('button', { name: 'Sign out' }).click();
  await t.page.getByRole('heading', { name: /Sign in/ }).waitFor();
  assert.ok(t.server.requests.includes('DELETE /sessions/current'));
  await t.page.reload();
  await t.page.getByRole('heading', { name: /Sign in/ }).waitFor();
  await t.stop();
});
