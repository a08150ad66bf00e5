// The page of realm links, against two real servers, and the ways to people and groups of another realm.
import test from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { log, messages, send, start } from './harness.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const ASK = '[realms]\naccept = "ask"\nprivate = true\naddress = "127.0.0.1:PORT"\n';
const INVITE = '[realms]\naccept = "invite"\nprivate = true\naddress = "127.0.0.1:PORT"\n';
const path = '/app/admin/realms';

const card = (page, name) => page.locator('.realm', { has: page.getByRole('heading', { name, exact: true }) });
const standing = (page, name, words) => card(page, name).locator('.tag', { hasText: words }).waitFor();
const words = (page, name) => card(page, name).locator('.fingerprint li').allTextContents();
const press = (page, deed, name) => page.getByRole('button', { name: `${deed} ${name}`, exact: true }).click();
const confirm = (page, what) => page.getByRole('dialog').getByRole('button', { name: what, exact: true }).click();
const of = async (people, user, name) => (await people.api(user, 'GET', '/realms')).realms.find((r) => r.name === name);
const link = (server) => server.api('izza', 'POST', '/realms', { name: server.other.realm, host: '127.0.0.1', port: server.other.kabar.port });

test('an administrator adds a realm by its address, looks into the link, blocks, takes up and removes it', async () => {
  const t = await start({ path, settings: ASK, other: {} });
  const { page, server } = t;
  const { port } = server.other.kabar;
  await page.getByText('No other realms yet').waitFor();
  await page.getByRole('button', { name: 'Add realm' }).click();
  const dialog = page.getByRole('dialog');
  const fill = async (name, host, to) => {
    await dialog.getByLabel('Name of the realm').fill(name);
    await dialog.getByRole('textbox', { name: 'Address' }).fill(host);
    await dialog.getByLabel('Port').fill(String(to));
    await page.keyboard.press('Enter');
  };
  await fill('kampus b', '127.0.0.1', port);
  await dialog.getByText('Letters, digits, dots and hyphens.').waitFor();
  await fill('kampus-b', '127.0.0.1', 1);
  await dialog.getByText('That realm does not answer.').waitFor();
  assert.deepEqual((await server.api('izza', 'GET', '/realms')).realms, []);
  await fill('kampus-b', '127.0.0.1', port);
  await standing(page, 'kampus-b', 'Linked');
  await card(page, 'kampus-b').getByText(`127.0.0.1:${port}`).waitFor();
  const eight = await words(page, 'kampus-b');
  assert.equal(eight.length, 8);
  assert.equal(eight.join(' '), (await of(server.other, 'maya', 'surabaya')).fingerprint, 'the same on both sides');

  await press(page, 'Check', 'kampus-b');
  await dialog.locator('.check-good', { hasText: /It answered in \d+ ms/ }).waitFor();
  assert.equal(await dialog.locator('.check-bad').count(), 0);
  await dialog.getByRole('button', { name: 'Close' }).last().click();

  await press(page, 'Block', 'kampus-b');
  await confirm(page, 'Cancel');
  assert.equal((await of(server.people, 'izza', 'kampus-b')).standing, 'linked', 'nothing happens before the answer');
  await press(page, 'Block', 'kampus-b');
  await confirm(page, 'Block');
  await standing(page, 'kampus-b', 'Blocked');
  assert.equal(await page.getByRole('button', { name: 'Block kampus-b' }).count(), 0);
  await press(page, 'Accept', 'kampus-b');
  await standing(page, 'kampus-b', 'Linked');

  const { id } = await server.api('izza', 'POST', '/conversations', { with: 'maya@kampus-b' });
  await server.other.stop();
  await server.api('izza', 'POST', `/conversations/${id}/messages`, { text: 'Halo' });
  await press(page, 'Check', 'kampus-b');
  await dialog.locator('.check-bad', { hasText: 'Nobody takes the connection there.' }).waitFor();
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  while (!(await of(server.people, 'izza', 'kampus-b')).error) await page.waitForTimeout(50);
  await page.reload();
  await standing(page, 'kampus-b', 'Unreachable');
  await press(page, 'Remove', 'kampus-b');
  await confirm(page, 'Remove');
  await page.getByText('No other realms yet').waitFor();
  await t.stop();
});

test('a realm that asks waits until it is accepted; an invite is made and read once', async () => {
  const t = await start({ path, settings: ASK, other: {}, lang: 'id' });
  const { page, server } = t;
  await server.other.api('nania', 'POST', '/realms', { name: 'surabaya', host: '127.0.0.1', port: server.kabar.port });
  await standing(page, 'kampus-b', 'Menunggu Anda');
  await press(page, 'Terima', 'kampus-b');
  await standing(page, 'kampus-b', 'Terhubung');

  await page.getByRole('button', { name: 'Buat undangan' }).click();
  const text = await page.getByRole('dialog').locator('code').textContent();
  assert.match(text, /^\S{40,}$/);
  await page.getByRole('dialog').getByRole('button', { name: 'Selesai' }).click();
  assert.ok(!(await page.content()).includes(text), 'it was shown once');
  await t.stop();
});

test('with an invite there is nothing left to accept; a used one is refused', async () => {
  const t = await start({ path, settings: ASK, other: { settings: INVITE } });
  const { page, server } = t;
  const { invite } = await server.other.api('maya', 'POST', '/realms/invite');
  const add = async (given) => {
    await page.getByRole('button', { name: 'Add realm' }).click();
    await page.getByRole('dialog').getByRole('radio', { name: 'By invite' }).check();
    await page.getByRole('dialog').getByRole('textbox', { name: 'Invite' }).fill(given);
    await page.keyboard.press('Enter');
  };
  await add('nothing');
  await page.getByRole('dialog').locator('.field-error, .form-error').waitFor();
  await page.keyboard.press('Escape');
  await add(invite);
  await standing(page, 'kampus-b', 'Linked');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await add(invite);
  await page.getByRole('dialog').locator('.field-error, .form-error').waitFor();
  await t.stop();
});

test('others see no such page, and where anybody may add a realm nothing that only administrators may do', async () => {
  const asked = await start({ path: '/app', user: 'maya', settings: ASK, other: {} });
  await asked.page.goto(asked.server.url + path);
  await asked.page.getByText('Only for administrators').waitFor();
  assert.equal(await asked.page.getByRole('button', { name: 'Add realm' }).count(), 0);
  await asked.stop();

  const t = await start({ path: '/app/contacts', user: 'maya', other: {}, before: link });
  const { page } = t;
  await page.getByRole('link', { name: 'Realms that are linked with this one' }).click();
  await standing(page, 'kampus-b', 'Linked');
  await page.getByRole('button', { name: 'Add realm' }).click();
  assert.equal(await page.getByText('By invite').count(), 0);
  await page.keyboard.press('Escape');
  assert.equal(await page.getByRole('button', { name: /Block|Remove|Check|Accept|invite/ }).count(), 0);
  await t.stop();
});

test('somebody of another realm is reached by a typed address, a group of it joined by its own', async () => {
  const t = await start({ path: '/app', other: {}, before: link });
  const { page, server } = t;
  await server.other.people.group('maya', 'Kelas', ['nania']);
  await page.locator('html[data-keys]').waitFor();
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill('Maya@kampus-b');
  await page.getByRole('option', { name: 'Write to maya@kampus-b' }).waitFor();
  await page.keyboard.press('Enter');
  await page.locator('.head-about', { hasText: 'maya@kampus-b' }).waitFor();
  await page.keyboard.press('Control+.');
  await page.locator('.panel-about').getByText('maya@kampus-b', { exact: true }).waitFor();
  assert.equal(await page.getByText('Not active').count(), 0, 'that is not known of people elsewhere');
  await page.keyboard.press('Control+.');

  await page.goto(`${server.url}/app/people`);
  await page.getByRole('searchbox', { name: 'Find people' }).fill('nania@kampus-b');
  await page.getByRole('button', { name: 'Private Chat nania@kampus-b' }).click();
  await page.locator('.head-about', { hasText: 'nania@kampus-b' }).waitFor();

  await page.goto(`${server.url}/app/people`);
  await page.getByRole('searchbox', { name: 'Find people' }).fill('siapa@kampus-b');
  await page.getByRole('button', { name: 'Private Chat siapa@kampus-b' }).click();
  await page.getByText('There is nobody with that username', { exact: false }).waitFor();

  await page.goto(`${server.url}/app/groups`);
  await page.getByRole('button', { name: 'Join Group' }).click();
  await page.getByRole('dialog').getByLabel('Name or code').fill('Kelas@kampus-b');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Kelas@kampus-b' }).first().waitFor();
  await send(page, 'Halo semua');
  await messages(page).filter({ hasText: 'Halo semua' }).getByRole('img', { name: 'delivered' }).waitFor();
  const { conversations } = await server.other.api('maya', 'GET', '/conversations');
  const kelas = conversations.find((c) => c.name === 'Kelas');
  await server.other.people.say('nania', kelas.id, 'Selamat datang');
  await log(page).getByText('nania@kampus-b', { exact: true }).waitFor();
  await t.stop();
});

for (const [lang, viewport] of [['en', { width: 1280, height: 800 }], ['id', { width: 390, height: 844 }]]) {
  test(`W62 axe finds nothing on the page of realms and at messages on their way, light and dark: ${lang}, ${viewport.width} px`, async () => {
    const t = await start({ lang, viewport, path: '/app', settings: ASK, other: {}, context: { bypassCSP: true, reducedMotion: 'reduce' } });
    const { page, server } = t;
    await link(server);
    const found = [];
    const check = async (where) => {
      for (const theme of ['light', 'dark']) {
        await page.evaluate((name) => { document.documentElement.dataset.theme = name; }, theme);
        await page.waitForFunction(() => document.getAnimations().every((a) => a.playState !== 'running' || a.effect.getTiming().iterations === Infinity));
        await page.addScriptTag({ content: axe });
        const { violations } = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
        for (const v of violations) for (const n of v.nodes) found.push(`${where}, ${theme}: ${v.id}: ${n.html.slice(0, 140)}`);
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth && [...document.querySelectorAll('.page-body, .log, .dialog-body')].every((e) => e.scrollWidth <= e.clientWidth)), `${where} scrolls sideways`);
      }
    };
    const { id } = await server.api('izza', 'POST', '/conversations', { with: 'maya@kampus-b' });
    await page.goto(`${server.url}/app/c/${id}`);
    await send(page, 'Satu');
    await messages(page).getByRole('img').waitFor();
    await server.other.stop();
    await send(page, 'Dua');
    await page.locator('.sending').waitFor();
    await check('conversation');
    await page.goto(server.url + path);
    await page.locator('.realm').waitFor();
    await check('page');
    for (const button of [page.locator('.page-tools button').first(), page.locator('.page-tools button').last(), page.locator('.realm-deeds button').first()]) {
      await button.click();
      await page.locator('dialog[open]').waitFor();
      await page.locator('dialog[open] :is(.field, code, .check)').first().waitFor();
      await check(await page.locator('dialog[open] h2').textContent());
      await page.keyboard.press('Escape');
      await page.locator('dialog[open]').waitFor({ state: 'detached' });
    }
    assert.deepEqual(found, []);
    await t.stop();
  });
}
