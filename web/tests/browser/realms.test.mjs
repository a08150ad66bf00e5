// Two real servers: what one writes to people and groups of another realm, and where it is on its way.
import test from 'node:test';
import assert from 'node:assert/strict';
import { messages, send, start } from './harness.mjs';

/** Links the two as an administrator would. */
const link = (server) => server.api('izza', 'POST', '/realms', { name: server.other.realm, host: '127.0.0.1', port: server.other.kabar.port });
const until = async (what, test) => {
  for (let i = 0; i < 200; i += 1) {
    const found = await test().catch(() => null);
    if (found) return found;
    await new Promise((done) => { setTimeout(done, 50); });
  }
  throw new Error(`it never came to: ${what}`);
};
/** What the other realm's person has of izza, once it is there. */
const there = (server, user, from = 'izza@surabaya') => until(`${user} hears of ${from}`, async () => {
  const { conversations } = await server.other.api(user, 'GET', '/conversations');
  return conversations.find((c) => c.with?.username === from && c.last);
});
/** The page of the conversation with somebody over there. */
const open = async (page, server, username) => {
  const { id } = await server.api('izza', 'POST', '/conversations', { with: username });
  await page.goto(`${server.url}/app/c/${id}`);
  return id;
};
const mark = (page, text, name) => messages(page).filter({ hasText: text }).getByRole('img', { name, exact: true });

for (const realm of ['kampus-b', 'tuban']) {
  test(`a message there and back: queued, delivered, read; home ${realm < 'surabaya' ? 'there' : 'here'}`, async () => {
    const t = await start({ other: { realm }, before: link });
    const { page, server } = t;
    const maya = `maya@${realm}`;
    await open(page, server, maya);
    await page.locator('.head-about', { hasText: maya }).waitFor();
    await send(page, 'Halo dari sini');
    await mark(page, 'Halo dari sini', 'delivered').waitFor();
    assert.match(await messages(page).filter({ hasText: 'Halo dari sini' }).getAttribute('aria-label'), /Halo dari sini, delivered$/);

    const c = await there(server, 'maya');
    assert.equal(c.last.text, 'Halo dari sini');
    await server.other.people.read('maya', c.id);
    await mark(page, 'Halo dari sini', 'read').waitFor();

    await server.other.people.say('maya', c.id, 'Halo juga');
    const answer = messages(page).filter({ hasText: 'Halo juga' });
    await answer.waitFor();
    await answer.getByText(maya, { exact: true }).waitFor();
    assert.equal(await answer.getByRole('img').count(), 0, 'what others write has no mark');
    assert.equal(await messages(page).count(), 2);

    await send(page, 'Salah ketik');
    await mark(page, 'Salah ketik', 'delivered').waitFor();
    await messages(page).filter({ hasText: 'Salah ketik' }).hover();
    await page.getByRole('button', { name: 'Edit message' }).click();
    await page.locator('.editor-field').fill('Benar');
    await page.keyboard.press('Enter');
    await messages(page).filter({ hasText: 'Benar' }).locator('.edited').waitFor();
    await until('the edit is there', async () => (await server.other.people.messages('maya', c.id)).some((m) => m.text === 'Benar'));
    await mark(page, 'Benar', 'delivered').waitFor();
    assert.equal(await messages(page).count(), 3);
    await t.stop();
  });
}

test('a realm that is away: its home there, messages wait in order, survive a reload, and are delivered once', async () => {
  const t = await start({ other: {}, before: link });
  const { page, server } = t;
  const id = await open(page, server, 'maya@kampus-b');
  await send(page, 'Satu');
  await mark(page, 'Satu', 'delivered').waitFor();
  assert.equal(await server.other.stop(), 0);
  const texts = ['Dua', 'Tiga', 'Empat'];
  for (const text of texts) await send(page, text);
  const waits = (text) => messages(page).filter({ hasText: text }).getByText('Waiting for kampus-b');
  for (const text of texts) await waits(text).waitFor();
  assert.match(await messages(page).filter({ hasText: 'Tiga' }).getAttribute('aria-label'), /Tiga, waiting for the other realm$/);
  const told = () => messages(page).evaluateAll((all) => all.map((e) => /Satu|Dua|Tiga|Empat/.exec(e.textContent)?.[0]));
  assert.deepEqual(await told(), ['Satu', ...texts]);
  await page.reload();
  for (const text of texts) await waits(text).waitFor();
  assert.deepEqual(await told(), ['Satu', ...texts]);
  await messages(page).filter({ hasText: 'Dua' }).hover();
  assert.equal(await page.locator('.tools').count(), 0, 'nothing can be done to what has no number');

  // A change waits like a message: the mark says so, and what stands here stays until the other realm has agreed.
  await messages(page).filter({ hasText: 'Satu' }).hover();
  await page.getByRole('button', { name: 'Edit message' }).click();
  await page.locator('.editor-field').fill('Satu, diperbaiki');
  await page.keyboard.press('Enter');
  await mark(page, 'Satu', 'edit on its way to the other realm').waitFor();
  assert.equal(await page.getByText('Satu, diperbaiki').count(), 0);

  // Watched while they get their numbers: none is ever there twice.
  await page.evaluate(() => {
    window.most = 0;
    const count = () => { window.most = Math.max(window.most, document.querySelectorAll('.log article').length); };
    new MutationObserver(count).observe(document.querySelector('.log-list'), { childList: true, subtree: true });
  });
  await server.other.restart();
  for (const text of texts) await mark(page, text, 'delivered').waitFor({ timeout: 40_000 });
  assert.deepEqual(await told(), ['Satu', ...texts]);
  assert.equal(await page.evaluate(() => window.most), 4);
  await page.getByText('Satu, diperbaiki').waitFor();
  await mark(page, 'Satu, diperbaiki', 'delivered').waitFor();
  const c = await there(server, 'maya');
  assert.deepEqual(await until('all are there', async () => {
    const all = (await server.other.people.messages('maya', c.id)).map((m) => m.text);
    return all.length >= 4 && all;
  }), ['Satu, diperbaiki', ...texts]);
  assert.deepEqual((await server.api('izza', 'GET', `/conversations/${id}/waiting`)).messages, []);
  await t.stop();
});

test('a realm that is away: at home here, a message keeps its place and says that it waits', async () => {
  const t = await start({ other: { realm: 'tuban' }, before: link });
  const { page, server } = t;
  await open(page, server, 'maya@tuban');
  await send(page, 'Satu');
  await mark(page, 'Satu', 'delivered').waitFor();
  assert.equal(await server.other.stop(), 0);
  await send(page, 'Dua');
  await mark(page, 'Dua', 'waiting for the other realm').waitFor();
  await page.reload();
  await mark(page, 'Dua', 'waiting for the other realm').waitFor();
  await server.other.restart();
  await mark(page, 'Dua', 'delivered').waitFor({ timeout: 40_000 });
  assert.equal((await there(server, 'maya')).last.text, 'Dua');
  await t.stop();
});

test('what the other realm refuses stays with its reason, to be copied and forgotten', async () => {
  const t = await start({ other: {}, before: link, context: { permissions: ['clipboard-read', 'clipboard-write'] } });
  const { page, server } = t;
  // The two have spoken, so that the link is up; then nobody answers when it is asked who there is.
  await open(page, server, 'maya@kampus-b');
  await send(page, 'Halo');
  await mark(page, 'Halo', 'delivered').waitFor();
  assert.equal(await server.other.stop(), 0);
  const id = await open(page, server, 'siapa@kampus-b');
  await send(page, 'Ada orang?');
  await messages(page).getByText('Waiting for kampus-b').waitFor();
  await server.other.restart();
  const failed = messages(page).filter({ hasText: 'Ada orang?' });
  await failed.getByRole('alert').filter({ hasText: 'Not delivered. There is nobody of that name in the other realm.' }).waitFor({ timeout: 40_000 });
  assert.match(await failed.getAttribute('aria-label'), /Ada orang\?, not delivered, There is nobody of that name/);
  await page.reload();
  await failed.getByRole('button', { name: 'Copy' }).click();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), 'Ada orang?');
  await failed.getByRole('button', { name: 'Forget' }).click();
  await failed.waitFor({ state: 'detached' });
  assert.deepEqual((await server.api('izza', 'GET', `/conversations/${id}/waiting`)).messages, []);
  await t.stop();
});

test('what fails although its home is here stands in its place with the reason, and can be deleted', async () => {
  const t = await start({ other: { realm: 'tuban' }, before: link });
  const { page, server } = t;
  await open(page, server, 'maya@tuban');
  await send(page, 'Halo');
  await mark(page, 'Halo', 'delivered').waitFor();
  assert.equal(await server.other.stop(), 0);
  await open(page, server, 'siapa@tuban');
  await send(page, 'Ada orang?');
  await mark(page, 'Ada orang?', 'waiting for the other realm').waitFor();
  await server.other.restart();
  const failed = messages(page).filter({ hasText: 'Ada orang?' });
  await failed.getByRole('alert').filter({ hasText: 'Not delivered. There is nobody of that name in the other realm.' }).waitFor({ timeout: 40_000 });
  await failed.getByRole('button', { name: 'Delete message' }).first().click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete message' }).click();
  await messages(page).locator('.tombstone').waitFor();
  assert.equal(await messages(page).getByRole('alert').count(), 0);
  await t.stop();
});
