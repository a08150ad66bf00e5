// Two tabs share a cookie and a storage: neither acts in the name of the other's person, nor takes the other's work away.
import test from 'node:test';
import assert from 'node:assert/strict';
import { field, log, messages, pathOf, send, start } from './harness.mjs';

const who = (page, name) => page.locator('.own-username', { hasText: name }).waitFor();
const signIn = async (page, username) => {
  await page.locator('input[name=username]').fill(username);
  await page.locator('input[name=password]').fill('surabaya');
  await page.keyboard.press('Enter');
  await who(page, username);
};
/** As a sign-in in a tab that this one does not hear of. */
const swap = (s, name) => s.context.addCookies([{ name: 'kabar_session', value: s.server.cookie(name), url: s.server.url }]);

test('two people sign in on two tabs: both tabs are the second one\'s', async () => {
  const s = await start({ user: null, path: '/app/signin' });
  const other = await s.open('/app/signin');
  await signIn(s.page, 'izza');
  await other.locator('input[name=username]').waitFor();
  await signIn(other, 'messi');
  await who(s.page, 'messi');
  await s.stop();
});

test('a tab whose cookie has become another person\'s sends nothing in that name', async () => {
  // Nothing is left to be read: only what is sent goes out under the other cookie.
  const s = await start({ before: (server) => server.readAll('izza') });
  await s.page.goto(s.server.url + pathOf(s.server, 'messi'));
  await messages(s.page).first().waitFor();
  const before = await s.server.texts('izza', 'messi');
  await swap(s, 'messi');
  await send(s.page, 'dari izza');
  await who(s.page, 'messi');
  assert.deepEqual(await s.server.texts('izza', 'messi'), before);
  await swap(s, 'izza');
  await s.page.reload();
  await who(s.page, 'izza');
  await log(s.page).getByText('dari izza').waitFor();
  await s.page.waitForFunction(() => !document.querySelector('.sending'));
  assert.equal((await s.server.messages('izza', 'messi')).at(-1).author.username, 'izza');
  await s.stop();
});

test('a stream that comes back as another person\'s shows nothing of theirs in the old page', async () => {
  const s = await start();
  await s.page.goto(s.server.url + pathOf(s.server, 'maya'));
  await messages(s.page).first().waitFor();
  await s.page.evaluate(() => {
    window.old = true;
    new MutationObserver(() => { if (window.old && document.body.textContent.includes('hanya untuk messi')) console.error('seen by izza'); })
      .observe(document.body, { childList: true, subtree: true, characterData: true });
  });
  s.server.offline(true);
  await s.page.locator('[role=status].banner').waitFor();
  await send(s.page, 'belum terkirim');
  await swap(s, 'messi');
  await s.server.say('lineker', 'messi', 'hanya untuk messi');
  s.server.offline(false);
  await who(s.page, 'messi');
  assert.ok(await s.page.evaluate(() => !window.old && Object.keys(localStorage).some((k) => k.startsWith('kabar.out/izza/'))));
  assert.ok(!(await s.server.texts('izza', 'maya')).includes('belum terkirim'));
  await s.stop();
});

test('a file that one tab is sending is no business of another', async () => {
  const s = await start();
  await s.page.goto(s.server.url + pathOf(s.server, 'maya'));
  await messages(s.page).first().waitFor();
  s.server.slowUpload(200_000);
  await s.page.locator('input[type=file]').setInputFiles({ name: 'besar.bin', mimeType: 'application/octet-stream', buffer: Buffer.alloc(600_000, 7) });
  await s.page.locator('.chip').waitFor();
  await field(s.page).press('Enter');
  await s.page.locator('.progress').waitFor();
  const other = await s.open(pathOf(s.server, 'maya'));
  await messages(other).first().waitFor();
  await who(other, 'izza');
  assert.equal(await s.page.locator('.progress').count(), 1, 'still on its way');
  assert.equal(await other.locator('.failed').count(), 0);
  await log(other).getByText('besar.bin').waitFor();
  await s.page.waitForFunction(() => !document.querySelector('.progress'));
  assert.equal((await s.server.messages('izza', 'maya')).filter((m) => m.file?.name === 'besar.bin').length, 1);
  await s.stop();
});

test('W40 what a closed tab left unsent is sent by the tab that is still open, once', async () => {
  const s = await start();
  await s.page.goto(s.server.url + pathOf(s.server, 'maya'));
  await messages(s.page).first().waitFor();
  const other = await s.open(pathOf(s.server, 'maya'));
  await messages(other).first().waitFor();
  await other.route('**/messages', (route) => (route.request().method() === 'POST' ? route.abort() : route.continue()));
  await send(other, 'warisan');
  await other.locator('.sending').waitFor();
  assert.equal(await log(s.page).getByText('warisan').count(), 0);
  await other.close();
  await log(s.page).getByText('warisan').waitFor();
  await s.page.waitForFunction(() => !document.querySelector('.sending'));
  assert.equal((await s.server.texts('izza', 'maya')).filter((x) => x === 'warisan').length, 1);
  await s.stop();
});
