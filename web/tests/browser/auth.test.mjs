import test from 'node:test';
import assert from 'node:assert/strict';
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
  await page.getByLabel('Nama lengkap').fill('Kartika Sari');
  await page.getByRole('button', { name: 'Daftar' }).click();
  await page.locator('.own-name', { hasText: 'Kartika Sari' }).waitFor();
  await t.stop();
});

test('the set-up link makes an administrator; a used one is refused in words', async () => {
  const t = await start({ user: null, path: '/app/setup/lama' });
  const { page } = t;
  const fill = async () => {
    await page.getByLabel('Username').fill('kepala');
    await page.getByLabel('Password', { exact: true }).fill('surabaya');
    await page.getByRole('button', { name: 'Create the administrator' }).click();
  };
  await fill();
  await page.getByText('That is no longer there.').waitFor();
  await page.goto(`${t.mock.url}/app/setup/rahasia`);
  await fill();
  await page.locator('.own-username', { hasText: 'kepala' }).waitFor();
  assert.equal(t.mock.world.me('kepala').role, 'administrator');
  await t.stop();
});

test('an invitation leads through registering into its group; an ended one says so', async () => {
  const t = await start({ user: null, before: (mock) => {
    const conversation = mock.find('izza', 'Kelompok 3');
    mock.world.invitations.set('undang', { code: 'undang', uses_left: 1, expires_at: new Date(Date.now() + 1e6).toISOString(), conversation });
  }, path: '/app/i/undang' });
  const { page } = t;
  await page.getByRole('heading', { name: 'You are invited to Kelompok 3' }).waitFor();
  await page.getByRole('link', { name: 'Register' }).click();
  await page.getByText('you will join the group Kelompok 3').waitFor();
  await page.getByLabel('Username').fill('tamu');
  await page.getByLabel('Password', { exact: true }).fill('surabaya');
  await page.getByRole('button', { name: 'Register' }).click();
  await page.waitForURL(/\/app\/c\//);
  await page.locator('.chat-name', { hasText: 'Kelompok 3' }).waitFor();
  await page.goto(`${t.mock.url}/app/i/habis`);
  await page.getByText('This invitation has expired').waitFor();
  await t.stop();
});

test('signing out ends the session on the server and shows the form', async () => {
  const t = await start({ path: '/app/settings' });
  await t.page.getByRole('button', { name: 'Sign out' }).click();
  await t.page.getByRole('heading', { name: /Sign in/ }).waitFor();
  assert.ok(t.mock.requests.includes('DELETE /sessions/current'));
  await t.page.reload();
  await t.page.getByRole('heading', { name: /Sign in/ }).waitFor();
  await t.stop();
});
