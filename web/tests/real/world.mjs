// The people of the demo with something to talk about, made through the API as people would.
import { picture } from './picture.mjs';

export const PASSWORD = 'surabaya';
/** The first one becomes the administrator. */
export const PEOPLE = [
  ['izza', 'Rahmadani Izzatul', 'Indonesia'],
  ['maya', 'Kholishotul Amaliah', 'Indonesia'],
  ['nania', 'Azizatul Hikmaniyah', 'Indonesia'],
  ['messi', 'Lionel Messi', 'Argentina'],
  ['henderson', 'Jordan Henderson', 'Inggris'],
  ['lineker', 'Gary Lineker', 'Inggris'],
];

const GALAT = 'Saya menulis laporan dan menguji dengan `nc`. Kalau ada galat, tulis di sini:\nhttps://example.org/kelompok-3/galat';
const FIRST = 'Start with this:\n```\nAUTH messi surabaya\nSEND maya Halo dari terminal, ini baris yang panjang sekali supaya kotak kode ini harus digulir ke samping dan tidak melebarkan halaman\nINBOX\n```\nThe answer is one line of JSON.';

/** @param {import('./people.mjs').People} people everyone signed in */
export async function talk(people) {
  const note = await people.direct('izza', 'izza');
  await people.say('izza', note, 'nc 127.0.0.1 8889  →  AUTH izza surabaya');
  await people.read('izza', note);

  const bola = await people.group('lineker', 'Sepak bola', ['messi', 'henderson']);
  await people.say('lineker', bola, 'Who watches the match on Saturday?');
  await people.say('henderson', bola, 'Me, of course.');
  await people.group('nania', 'Buku', ['maya']);

  const henderson = await people.direct('izza', 'henderson');
  await people.say('henderson', henderson, 'Hi Izza, could you send me the notes from Tuesday?');
  await people.say('izza', henderson, 'Sure, here they are.');
  await people.file('izza', henderson, 'catatan-selasa.pdf', Buffer.from('%PDF-1.4 demo'));
  await people.say('henderson', henderson, 'Perfect, thank you! 🙏');
  await people.read('izza', henderson);

  const maya = await people.direct('izza', 'maya');
  await people.say('maya', maya, 'Sudah coba servernya lewat nc?');
  await people.say('izza', maya, 'Sudah, jalan semua 😄');
  await people.say('maya', maya, 'Mantap. Nanti sore kita rapikan laporannya, ya.');

  await project(people);

  const messi = await people.direct('izza', 'messi');
  await people.say('izza', messi, 'Welcome to kabar, Leo!');
  await people.say('messi', messi, 'Gracias! Nice and quiet here.');
  await people.read('izza', messi);
  await people.say('messi', messi, 'Did you see the goal last night?');
  await people.say('messi', messi, 'Left foot, of course.');
  for (const contact of ['maya', 'messi']) await people.api('izza', 'PUT', `/contacts/${contact}`);
}

async function project(people) {
  const group = await people.group('izza', 'Kelompok 3', ['maya', 'nania', 'messi'], 'private');
  const react = async (seq, emoji, users) => {
    for (const user of users) await people.api(user, 'PUT', `/conversations/${group}/messages/${seq}/reactions/${encodeURIComponent(emoji)}`);
  };
  await people.say('maya', group, 'Selamat pagi semuanya!');
  await people.say('maya', group, 'Hari ini kita bagi tugas: saya bagian server, Nania bagian klien.');
  await people.say('nania', group, 'Siap 👍');
  await people.say('izza', group, GALAT);
  await people.say('messi', group, 'Hola! I joined to see how this works. What do I type first?');
  await people.say('izza', group, 'Start with this:');
  await people.say('messi', group, 'It works 🎉', { reply_to: 6 });
  await people.file('nania', group, 'diagram-alir.png', picture(640, 360), 'Diagram alirnya sudah jadi.');
  await people.say('maya', group, 'Rapi sekali! @izza tolong masukkan ke laporan, ya.');
  await people.say('izza', group, 'Oke, saya masukkan sekarang.');
  await people.read('izza', group);
  await people.say('nania', group, 'Versi akhirnya saya unggah malam ini.');
  const { seq } = await people.say('maya', group, '@izza jangan lupa halaman judul 😅');
  if (seq !== 12) throw new Error(`the group has ${seq} messages`);
  await people.api('izza', 'PATCH', `/conversations/${group}/messages/6`, { text: FIRST });
  await react(3, '👍', ['maya', 'izza']);
  await react(7, '🎉', ['maya', 'nania', 'izza']);
  await react(7, '❤️', ['nania']);
}
