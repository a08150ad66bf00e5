// The demo's people with something to talk about, so that the app can be looked at.
import * as zlib from 'node:zlib';
import { World } from './world.mjs';

const minute = 60e3;
const day = 24 * 60 * minute;

export function seed(now = Date.now()) {
  const world = new World();
  world.user('izza', 'Rahmadani Izzatul', 'Indonesia', 'administrator');
  world.user('maya', 'Kholishotul Amaliah', 'Indonesia');
  world.user('nania', 'Azizatul Hikmaniyah', 'Indonesia');
  world.user('messi', 'Lionel Messi', 'Argentina');
  world.user('henderson', 'Jordan Henderson', 'Inggris');
  world.user('lineker', 'Gary Lineker', 'Inggris');
  for (const name of ['messi', 'maya', 'lineker']) world.users.get(name).active = true;

  const talk = (conversation, lines) => {
    for (const [from, ago, text, more = {}] of lines) {
      const { message } = world.post(conversation, from, { text, at: now - ago, quiet: true, ...more });
      if (more.reactions) message.reactions = more.reactions;
      if (more.edited) message.edited_at = new Date(now - ago + 2 * minute).toISOString();
    }
  };
  const note = world.direct('izza', 'izza');
  talk(note, [['izza', 3 * day, 'nc 127.0.0.1 8889  →  AUTH izza surabaya']]);
  note.members.get('izza').read = note.messages.length;

  const bola = world.conversation('group', ['lineker', 'messi', 'henderson'], { name: 'Sepak bola' });
  talk(bola, [['lineker', 2 * day, 'Who watches the match on Saturday?'], ['henderson', 2 * day - 5 * minute, 'Me, of course.']]);
  world.conversation('group', ['nania', 'maya'], { name: 'Buku' });

  const henderson = world.direct('izza', 'henderson');
  talk(henderson, [
    ['henderson', day + 90 * minute, 'Hi Izza, could you send me the notes from Tuesday?'],
    ['izza', day + 80 * minute, 'Sure, here they are.'],
    ['izza', day + 79 * minute, '', { file: file(world, 'catatan-selasa.pdf', 'application/pdf', Buffer.from('%PDF-1.4 demo')) }],
    ['henderson', day + 60 * minute, 'Perfect, thank you! 🙏'],
  ]);
  henderson.members.get('izza').read = henderson.messages.length;

  const maya = world.direct('izza', 'maya');
  talk(maya, [
    ['maya', 50 * minute, 'Sudah coba servernya lewat nc?'],
    ['izza', 45 * minute, 'Sudah, jalan semua 😄'],
    ['maya', 20 * minute, 'Mantap. Nanti sore kita rapikan laporannya, ya.'],
  ]);

  const group = world.conversation('group', ['izza', 'maya', 'nania', 'messi'], { name: 'Kelompok 3', visibility: 'private' });
  talk(group, [
    ['maya', 2 * day, 'Selamat pagi semuanya!'],
    ['maya', 2 * day - minute, 'Hari ini kita bagi tugas: saya bagian server, Nania bagian klien.'],
    ['nania', 2 * day - 9 * minute, 'Siap 👍', { reactions: [{ emoji: '👍', users: ['maya', 'izza'] }] }],
    ['izza', 2 * day - 20 * minute, 'Saya menulis laporan dan menguji dengan `nc`. Kalau ada galat, tulis di sini:\nhttps://example.org/kelompok-3/galat'],
    ['messi', day, 'Hola! I joined to see how this works. What do I type first?'],
    ['izza', day - 3 * minute, 'Start with this:\n```\nAUTH messi surabaya\nSEND maya Halo dari terminal, ini baris yang panjang sekali supaya kotak kode ini harus digulir ke samping dan tidak melebarkan halaman\nINBOX\n```\nThe answer is one line of JSON.', { edited: true }],
    ['messi', day - 6 * minute, 'It works 🎉', { reply_to: 6, reactions: [{ emoji: '🎉', users: ['maya', 'nania', 'izza'] }, { emoji: '❤️', users: ['nania'] }] }],
    ['nania', 4 * 60 * minute, 'Diagram alirnya sudah jadi.', { file: file(world, 'diagram-alir.png', 'image/png', picture(640, 360), 640, 360) }],
    ['maya', 3 * 60 * minute, 'Rapi sekali! @izza tolong masukkan ke laporan, ya.'],
    ['izza', 170 * minute, 'Oke, saya masukkan sekarang.'],
    ['nania', 30 * minute, 'Versi akhirnya saya unggah malam ini.'],
    ['maya', 12 * minute, '@izza jangan lupa halaman judul 😅'],
  ]);
  group.members.get('izza').read = 10;
  for (const m of group.members.values()) m.from = 1;

  const messi = world.direct('izza', 'messi');
  talk(messi, [
    ['izza', 3 * day, 'Welcome to kabar, Leo!'],
    ['messi', 3 * day - 4 * minute, 'Gracias! Nice and quiet here.'],
    ['messi', 9 * minute, 'Did you see the goal last night?'],
    ['messi', 8 * minute, 'Left foot, of course.'],
  ]);
  messi.members.get('izza').read = 2;
  for (const c of world.conversations.values()) {
    for (const [who, m] of c.members) { m.from = 1; if (who !== 'izza') m.read = c.messages.length; }
  }
  world.contacts.set('izza', ['maya', 'messi', 'kartini@jakarta']);
  world.events = [];
  return world;
}

let codes = 0xa1b2c0;
export function file(world, name, media_type, bytes, width = null, height = null) {
  codes += 1;
  const code = codes.toString(16);
  const meta = { code, name, size: bytes.length, media_type, width, height, url: `/api/v1/files/${code}/${encodeURIComponent(name)}` };
  world.files.set(code, { meta, bytes });
  return meta;
}

/** A PNG drawn here, so that no picture of anyone else's is needed. */
export function picture(width, height) {
  const raw = Buffer.alloc((width * 3 + 1) * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = y * (width * 3 + 1) + 1 + x * 3;
      const wave = Math.sin(x / 48) * 30 + Math.sin(x / 19 + 2) * 12 + height * 0.62;
      const hill = Math.sin(x / 90 + 1) * 44 + height * 0.5;
      const [r, g, b] = y > wave ? [22, 78, 99] : y > hill ? [14, 116, 144] : [253 - y / 4, 186 + y / 6, 116 + y / 4];
      raw[at] = r; raw[at + 1] = g; raw[at + 2] = b;
    }
  }
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const out = Buffer.alloc(body.length + 8);
    out.writeUInt32BE(data.length);
    body.copy(out, 4);
    out.writeUInt32BE(checksum(body), body.length + 4);
    return out;
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width); head.writeUInt32BE(height, 4); head[8] = 8; head[9] = 2;
  return Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), chunk('IHDR', head), chunk('IDAT', zlib.deflateSync(raw)), chunk('IEND', Buffer.alloc(0))]);
}

function checksum(bytes) {
  if (zlib.crc32) return zlib.crc32(bytes) >>> 0;
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let k = 0; k < 8; k += 1) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
  }
  return (crc ^ -1) >>> 0;
}
