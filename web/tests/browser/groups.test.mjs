import test from 'node:test';
import assert from 'node:assert/strict';
import { field, pathOf, start } from './harness.mjs';

test('Add Group makes a group; a name that exists is refused at its field', async () => {
  const t = await start();
  const { page } = t;
  await page.getByRole('button', { name: 'New conversation' }).click();
  await page.getByRole('menuitem', { name: 'Add Group' }).click();
  const dialog = page.getByRole('dialog', { name: 'Add Group' });
  await dialog.getByLabel('Group name').fill('Buku');
  await dialog.getByRole('radio', { name: 'Private' }).check();
  await dialog.getByRole('button', { name: 'Create group' }).click();
  await dialog.getByText('already exists').waitFor();
  await dialog.getByLabel('Group name').fill('Buku cerita');
  await dialog.getByRole('button', { name: 'Create group' }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.locator('.chat[aria-current]', { hasText: 'Buku cerita' }).waitFor();
  assert.equal((await t.server.find('izza', 'Buku cerita')).visibility, 'private');
  await t.stop();
});

test('Join Group shows the groups that can be joined, and takes a code', async () => {
  const t = await start({ user: 'lineker' });
  const { page } = t;
  const open = async () => {
    await page.getByRole('button', { name: 'New conversation' }).click();
    await page.getByRole('menuitem', { name: 'Join Group' }).click();
  };
  await open();
  const dialog = page.getByRole('dialog', { name: 'Join Group' });
  await dialog.locator('.row-name', { hasText: 'Buku' }).waitFor();
  assert.equal(await dialog.getByText('Kelompok 3').count(), 0, 'a private group is not listed');
  await dialog.getByLabel('Name or code').fill('tidak ada');
  await dialog.getByRole('button', { name: 'Join', exact: true }).click();
  await dialog.getByText('There is no group').waitFor();
  await dialog.getByLabel('Name or code').fill((await t.server.find('izza', 'Kelompok 3')).code);
  await dialog.getByRole('button', { name: 'Join', exact: true }).click();
  await page.locator('.chat[aria-current]', { hasText: 'Kelompok 3' }).waitFor();
  await open();
  await dialog.getByRole('button', { name: 'Join Buku' }).click();
  await page.locator('.chat[aria-current]', { hasText: 'Buku' }).waitFor();
  await t.stop();
});

test('an admin runs the group from the panel: people, roles, name, visibility', async () => {
  const t = await start({ path: '/app' });
  const { page, server } = t;
  await page.goto(server.url + pathOf(server, 'Kelompok 3'));
  await field(page).waitFor();
  await page.locator('html[data-keys]').waitFor();
  await page.keyboard.press('Control+.');
  const panel = page.getByRole('complementary', { name: 'About the group' });
  await panel.getByText('Azizatul Hikmaniyah').waitFor();
  const members = async () => (await server.api('izza', 'GET', `/conversations/${server.ids.izza['Kelompok 3']}/members`)).members;

  await panel.getByRole('button', { name: 'Add people' }).click();
  await page.getByRole('dialog').getByRole('checkbox', { name: /Gary Lineker/ }).check();
  await page.getByRole('dialog').getByRole('button', { name: 'Add 1 person' }).click();
  await panel.getByText('Gary Lineker').waitFor();

  await panel.getByRole('button', { name: 'Actions for Azizatul Hikmaniyah' }).click();
  await page.getByRole('menuitem', { name: 'Make admin' }).click();
  await panel.locator('.row', { hasText: 'Azizatul' }).getByText('Admin', { exact: true }).waitFor();
  assert.equal((await members()).find((m) => m.username === 'nania').role, 'admin');

  await panel.getByRole('button', { name: 'Actions for Lionel Messi' }).click();
  await page.getByRole('menuitem', { name: 'Remove from group' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
  assert.ok((await members()).some((m) => m.username === 'messi'), 'nothing happens before the answer');
  await panel.getByRole('button', { name: 'Actions for Lionel Messi' }).click();
  await page.getByRole('menuitem', { name: 'Remove from group' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove from group' }).click();
  await panel.getByText('Lionel Messi').waitFor({ state: 'detached' });

  await panel.getByLabel('Group name').fill('Kelompok tiga');
  await panel.getByRole('button', { name: 'Rename' }).click();
  await page.locator('.chat-name', { hasText: 'Kelompok tiga' }).waitFor();
  // It shows what is, not what was wished: it moves when the server has answered.
  await panel.getByRole('radio', { name: 'Public' }).click();
  await panel.getByText('Public · ').waitFor();
  await t.stop();
});

test('invitation links have an end and a count, can be ended, and last only that long', async () => {
  const t = await start({ path: '/app' });
  const { page, server } = t;
  await page.goto(server.url + pathOf(server, 'Kelompok 3'));
  await page.locator('html[data-keys]').waitFor();
  await page.keyboard.press('Control+.');
  const panel = page.getByRole('complementary');
  await panel.getByRole('button', { name: 'New link' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('radio', { name: '1 week' }).check();
  await dialog.getByLabel('How many people').fill('3');
  await dialog.getByRole('button', { name: 'Make link' }).click();
  const link = dialog.getByText(/\/app\/i\/.+/);
  await link.waitFor();
  const open = async () => (await server.api('izza', 'GET', `/conversations/${server.ids.izza['Kelompok 3']}/invitations`)).invitations;
  const [made] = await open();
  assert.ok((await link.first().textContent()).includes(`${server.url}/app/i/${made.code}`));
  assert.equal(made.uses_left, 3);
  await dialog.getByRole('button', { name: 'Done' }).click();
  await panel.getByText('3 uses left').waitFor();
  await panel.getByRole('button', { name: 'End', exact: true }).click();
  await panel.getByText('No link is open.').waitFor();
  assert.deepEqual(await open(), []);
  await t.stop();
});

test('a member sees no administration; leaving asks first', async () => {
  const t = await start({ user: 'messi', path: '/app' });
  const { page, server } = t;
  await page.goto(server.url + pathOf(server, 'Kelompok 3'));
  await page.locator('html[data-keys]').waitFor();
  await page.keyboard.press('Control+.');
  const panel = page.getByRole('complementary');
  await panel.getByText('Azizatul Hikmaniyah').waitFor();
  assert.equal(await panel.getByRole('button', { name: /Add people|New link|New address/ }).count(), 0);
  await panel.getByRole('button', { name: 'Leave group' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Leave group' }).click();
  await page.locator('.chat-name', { hasText: 'Kelompok 3' }).waitFor({ state: 'detached' });
  const { members } = await server.api('izza', 'GET', `/conversations/${server.ids.izza['Kelompok 3']}/members`);
  assert.ok(!members.some((m) => m.username === 'messi'));
  await t.stop();
});

test('people and contacts: writing to someone, keeping and removing a contact', async () => {
  const t = await start({ path: '/app/people' });
  const { page, server } = t;
  await page.getByRole('button', { name: 'Keep Azizatul Hikmaniyah as a contact' }).click();
  await page.getByRole('button', { name: 'Keep Azizatul Hikmaniyah as a contact', pressed: true }).waitFor();
  await page.getByRole('searchbox', { name: 'Find people' }).fill('gary');
  await page.getByRole('button', { name: 'Private Chat Gary Lineker' }).click();
  await page.locator('.chat[aria-current]', { hasText: 'Gary Lineker' }).waitFor();
  await page.goto(`${server.url}/app/contacts`);
  await page.locator('.row-name', { hasText: 'Lionel Messi' }).waitFor();
  await page.getByLabel('Username or user@realm').fill('tidakada');
  await page.getByRole('button', { name: 'Add contact' }).click();
  await page.getByText('There is nobody with that username').waitFor();
  await page.getByRole('button', { name: 'Remove Lionel Messi' }).click();
  await page.locator('.row-name', { hasText: 'Lionel Messi' }).waitFor({ state: 'detached' });
  assert.deepEqual((await server.api('izza', 'GET', '/contacts')).contacts.map((c) => c.address), ['maya', 'nania']);
  await t.stop();
});
