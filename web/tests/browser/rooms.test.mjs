import test from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { field, log, messages, pathOf, send, start } from './harness.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Somebody in a terminal who speaks dialect form: rooms are where both meet. */
class Form {
  constructor(port, session) {
    this.session = session;
    this.socket = connect(port, '127.0.0.1').on('error', () => {});
    this.heard = [];
    this.waiting = [];
    createInterface({ input: this.socket }).on('line', (line) => {
      const said = JSON.parse(line);
      if (said.type === 'broadcast') this.heard.push(`${said.display}: ${said.messages}`); else this.waiting.shift()?.(said);
    });
  }

  async ask(command, keys = {}) {
    const answer = new Promise((done) => { this.waiting.push(done); });
    this.socket.write(`${command} ${new URLSearchParams({ session: this.session, ...keys })}\r\n`);
    const said = await answer;
    assert.equal(said.status, 'OK', JSON.stringify(said));
    return said;
  }

  close() { this.socket.destroy(); }
}

const enter = async (page, name) => {
  await page.getByLabel('Name of the room').fill(name);
  await page.getByRole('button', { name: 'Enter room' }).click();
  await page.locator('.head-name', { hasText: name }).waitFor();
  await field(page).waitFor();
};
const rooms = async (server) => (await server.api('maya', 'GET', '/rooms')).rooms.map((r) => [r.name, r.people]);
/** Asks again until it is so. */
const becomes = async (ask, expected) => {
  const until = Date.now() + 15_000;
  for (;;) {
    const now = await ask();
    try { assert.deepEqual(now, expected); return; } catch (error) { if (Date.now() > until) throw error; }
    await new Promise((again) => { setTimeout(again, 50); });
  }
};

test('a person in the browser and one in a terminal meet in a room, see each other come and go, and talk', async () => {
  const t = await start({ path: '/app/rooms' });
  const { page, server } = t;
  await page.getByRole('heading', { name: 'Nobody is in a room' }).waitFor();
  await enter(page, 'Ruang 12');
  assert.deepEqual(await rooms(server), [['Ruang 12', 1]]);
  await page.locator('.chat[aria-current]', { hasText: 'Ruang 12' }).waitFor();
  assert.equal(await page.locator('.chat-name').first().textContent(), 'Ruang 12', 'the room stands first');

  const messi = new Form(server.kabar.port, server.cookie('messi'));
  const { users } = await messi.ask('room_join', { roomname: 'ruang 12' });
  assert.deepEqual(users, ['Rahmadani Izzatul', 'Lionel Messi']);
  await log(page).getByText('Lionel Messi came in').waitFor();
  await page.locator('.head-about', { hasText: '2 people here' }).waitFor();
  await messi.ask('room_chat', { message: 'halo dari terminal' });
  await messages(page).filter({ hasText: 'halo dari terminal' }).waitFor();
  await send(page, 'halo dari peramban');
  await becomes(() => messi.heard.filter((line) => /peramban/.test(line)), ['Rahmadani Izzatul: halo dari peramban']);

  // Who only passes by is named once, and so is the row.
  const maya = new Form(server.kabar.port, server.cookie('maya'));
  await maya.ask('room_join', { roomname: 'Ruang 12' });
  await log(page).getByText('Kholishotul Amaliah came in').waitFor();
  await maya.ask('room_leave');
  await messi.ask('room_leave');
  await log(page).getByText('Kholishotul Amaliah came and left · Lionel Messi left').waitFor();
  assert.equal(await page.locator('.log-moves').count(), 2);

  await page.getByRole('button', { name: 'Leave room' }).click();
  await page.getByRole('heading', { name: 'Nobody is in a room' }).waitFor();
  assert.deepEqual(await rooms(server), []);
  assert.equal(await page.locator('.chat-name', { hasText: 'Ruang 12' }).count(), 0);
  messi.close();
  maya.close();
  await t.stop();
});

test('after the connection was lost one is in the room again by itself; what was said and written meanwhile is there', async () => {
  const t = await start({ path: '/app/rooms' });
  const { page, server } = t;
  await enter(page, 'lobi');
  const maya = new Form(server.kabar.port, server.cookie('maya'));
  await maya.ask('room_join', { roomname: 'lobi' });
  await maya.ask('room_chat', { message: 'sebelum' });
  await messages(page).filter({ hasText: 'sebelum' }).waitFor();
  server.offline(true);
  await page.locator('.banner', { hasText: 'No connection' }).waitFor();
  await becomes(() => rooms(server), [['lobi', 1]]);
  await maya.ask('room_chat', { message: 'selagi terputus' });
  await send(page, 'ditulis tanpa koneksi');
  server.offline(false);
  await page.getByText('You are back in lobi').waitFor();
  await messages(page).filter({ hasText: 'selagi terputus' }).waitFor();
  await log(page).getByText('are back in the room').waitFor();
  await becomes(() => maya.heard.filter((line) => /ditulis/.test(line)), ['Rahmadani Izzatul: ditulis tanpa koneksi']);
  assert.equal(await page.locator('.message-failed').count(), 0);

  // A page that is loaded again goes back to where it was, too.
  await page.reload();
  await page.getByText('You are back in lobi').waitFor();
  assert.deepEqual(await rooms(server), [['lobi', 2]]);
  await send(page, 'masih di sini');
  await becomes(() => maya.heard.filter((line) => /masih/.test(line)), ['Rahmadani Izzatul: masih di sini']);

  // Only the stream is lost: one is out of the room, and what is written waits until one is in it again.
  const { upgrade } = server.proxy;
  server.proxy.upgrade = (_, socket) => socket.destroy();
  server.drop();
  await becomes(() => rooms(server), [['lobi', 1]]);
  await send(page, 'tanpa aliran');
  await page.locator('.message-waiting', { hasText: 'tanpa aliran' }).waitFor();
  server.proxy.upgrade = upgrade;
  await becomes(() => maya.heard.filter((line) => /aliran/.test(line)), ['Rahmadani Izzatul: tanpa aliran']);
  assert.equal(await page.locator('.message-failed').count(), 0);
  maya.close();
  await t.stop();
});

test('who is not in a room can read it but not write; one is in one room at a time', async () => {
  const t = await start({ path: '/app/rooms' });
  const { page, server } = t;
  const maya = new Form(server.kabar.port, server.cookie('maya'));
  await maya.ask('room_join', { roomname: 'kelas c' });
  await maya.ask('room_chat', { message: 'tugas nomor dua' });
  const [{ id }] = (await server.api('maya', 'GET', '/rooms')).rooms;
  await enter(page, 'kelas d');
  await page.goto(`${server.url}/app/c/${id}`);
  await messages(page).filter({ hasText: 'tugas nomor dua' }).waitFor();
  await page.getByText('You are not in this room.').waitFor();
  assert.equal(await field(page).count(), 0);
  await page.getByText('You are back in kelas d').waitFor();
  await page.getByRole('button', { name: 'Enter room' }).click();
  await field(page).waitFor();
  assert.deepEqual(await rooms(server), [['kelas c', 2]]);
  await page.locator('.chat-name', { hasText: 'kelas d' }).waitFor({ state: 'detached' });

  // The same session in another window takes the place over: the first says so, and does not fight for it.
  const other = await t.open('/app/rooms');
  await other.getByText('You are here').waitFor({ state: 'detached' });
  await other.getByRole('button', { name: 'Enter kelas c' }).click();
  await field(other).waitFor();
  await page.getByText('You are not in this room.').waitFor();
  await messages(page).filter({ hasText: 'tugas nomor dua' }).waitFor();
  await send(other, 'dari jendela lain');
  await becomes(() => maya.heard.filter((line) => /jendela/.test(line)), ['Rahmadani Izzatul: dari jendela lain']);
  await page.goto(server.url + pathOf(server, 'Kelompok 3'));
  await field(page).waitFor();
  assert.equal(await page.locator('.chat-name', { hasText: 'kelas c' }).count(), 1, 'the session is in it');
  maya.close();
  await t.stop();
});

test('the panel names the people of the room; a name that cannot be is refused at its field; markup stays text', async () => {
  const t = await start({ path: '/app/rooms', lang: 'id' });
  const { page, server } = t;
  const nania = new Form(server.kabar.port, server.cookie('nania'));
  await nania.ask('room_join', { roomname: '<b>x</b>' });
  await page.reload();
  await page.locator('.row-name', { hasText: '<b>x</b>' }).waitFor();
  await page.getByLabel('Nama ruang').fill('a\u0007b');
  await page.getByRole('button', { name: 'Masuk ruang' }).click();
  await page.locator('.field-error').waitFor();
  await page.getByRole('button', { name: 'Masuk <b>x</b>' }).click();
  await page.locator('html[data-keys]').waitFor();
  await field(page).waitFor();
  await page.keyboard.press('Control+.');
  const panel = page.getByRole('complementary', { name: 'Tentang ruang' });
  await becomes(() => panel.locator('.row-name').allTextContents(), ['Azizatul Hikmaniyah', 'Rahmadani Izzatul']);
  await nania.ask('room_leave');
  await panel.getByText('Azizatul Hikmaniyah').waitFor({ state: 'detached' });
  await panel.getByRole('button', { name: 'Keluar dari ruang' }).click();
  await becomes(() => rooms(server), []);
  nania.close();
  await t.stop();
});

for (const [theme, lang, viewport] of [['light', 'en', { width: 1280, height: 800 }], ['dark', 'id', { width: 390, height: 844 }]]) {
  test(`W62 W68 axe finds nothing in a room, beside it and in its panel: ${theme}, ${lang}, ${viewport.width} px`, async () => {
    const t = await start({ path: '/app/rooms', theme, lang, viewport, context: { bypassCSP: true, reducedMotion: 'reduce' } });
    const { page, server } = t;
    const found = [];
    const check = async (where) => {
      await page.addScriptTag({ content: axe });
      const { violations } = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
      for (const v of violations) for (const n of v.nodes) found.push(`${where}: ${v.id}: ${n.html.slice(0, 140)}`);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${where} scrolls sideways`);
    };
    const maya = new Form(server.kabar.port, server.cookie('maya'));
    await maya.ask('room_join', { roomname: 'x'.repeat(64) });
    await maya.ask('room_chat', { message: 'halo' });
    const [{ id }] = (await server.api('maya', 'GET', '/rooms')).rooms;
    await page.reload();
    await page.locator('.page-body li.row').waitFor();
    await check('list');
    await page.goto(`${server.url}/app/c/${id}`);
    await page.locator('.outside .button').waitFor();
    await check('outside');
    await page.locator('.outside .button').click();
    await field(page).waitFor();
    await maya.ask('room_leave');
    await page.locator('.log-moves').waitFor();
    await check('room');
    await page.locator('.head button').last().click();
    await page.locator('.panel-leave').waitFor();
    await check('panel');
    assert.deepEqual(found, []);
    maya.close();
    await t.stop();
  });
}
