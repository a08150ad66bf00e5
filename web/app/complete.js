// @ts-check
// What to offer while a name, a command or an emoji is typed, and what a command becomes. Pure, but for the lists handed in.
const OFFERED_MAX = 8;

/** @typedef {{kind: 'person'|'place'|'command'|'emoji', start: number, word: string}} Trigger */

/** The word at the caret, when it begins with a sign that asks for help. @param {string} text @param {number} caret @returns {Trigger|null} */
export function triggerAt(text, caret) {
  const before = text.slice(0, caret);
  const command = /^\/([\p{L}]*)$/u.exec(before);
  if (command) return { kind: 'command', start: 0, word: command[1] };
  const found = /(?:^|[\s([{"'])([@#:])([\p{L}\p{N}_.+-]*)$/u.exec(before);
  if (!found) return null;
  const [, sign, word] = found;
  if (sign === ':' && word.length < 2) return null;
  return { kind: sign === '@' ? 'person' : sign === '#' ? 'place' : 'emoji', start: caret - word.length - 1, word };
}

/** @typedef {{insert: string, label: string, about?: string, sign?: string, user?: any}} Offer */

/**
 * @param {Trigger} trigger @param {{people: any[], places: any[], commands: {name: string, about: string}[], all: string|null}} known
 * `all`: what `@all` means here, or null where it makes no sense
 * @returns {Offer[]}
 */
export function offersFor(trigger, { people, places, commands, all }) {
  const word = trigger.word.toLowerCase();
  const fits = (/** @type {string} */ name) => name.toLowerCase().split(/\s+/).some((part) => part.startsWith(word)) || name.toLowerCase().startsWith(word);
  /** @type {Offer[]} */
  let offers = [];
  if (trigger.kind === 'person') {
    offers = people.filter((p) => p.username.startsWith(word) || fits(p.name)).map((p) => ({ insert: `@${p.username} `, label: p.name, about: `@${p.username}`, user: p }));
    if (all && 'all'.startsWith(word)) offers.push({ insert: '@all ', label: '@all', about: all });
  } else if (trigger.kind === 'place') {
    offers = places.filter((c) => fits(c.name)).map((c) => ({ insert: `#${c.name} `, label: c.name, sign: '#' }));
  } else if (trigger.kind === 'command') {
    offers = commands.filter((c) => c.name.startsWith(word)).map((c) => ({ insert: `/${c.name} `, label: `/${c.name}`, about: c.about }));
  } else {
    offers = emojiNamed(word).map((e) => ({ insert: `${e.emoji} `, label: `:${e.names.find((n) => n.startsWith(word)) ?? e.names[0]}:`, sign: e.emoji }));
  }
  return offers.slice(0, OFFERED_MAX);
}

/** @param {string} text @param {number} caret @param {Trigger} trigger @param {Offer} offer */
export function inserted(text, caret, trigger, offer) {
  const rest = text.slice(caret).replace(/^ /, '');
  const head = text.slice(0, trigger.start) + offer.insert;
  return { text: head + rest, caret: head.length };
}

/** Each: its name, whether it takes words, and what it becomes: a text to send or a place to go to. */
export const COMMANDS = /** @type {{name: string, words: boolean, become: (words: string) => {text?: string, go?: string, help?: true}}[]} */ ([
  { name: 'me', words: true, become: (words) => ({ text: `_${words}_` }) },
  { name: 'code', words: true, become: (words) => ({ text: `\`\`\`\n${words}\n\`\`\`` }) },
  { name: 'search', words: true, become: (words) => ({ go: `/app/search?q=${encodeURIComponent(words)}` }) },
  { name: 'groups', words: false, become: () => ({ go: '/app/groups' }) },
  { name: 'people', words: false, become: () => ({ go: '/app/people' }) },
  { name: 'settings', words: false, become: () => ({ go: '/app/settings' }) },
  { name: 'help', words: false, become: () => ({ help: true }) },
]);

/**
 * @param {string} text
 * @returns {{text?: string, go?: string, help?: true, unknown?: string, wants?: string}} `unknown`, `wants`: refused, the name
 */
export function interpret(text) {
  if (!text.startsWith('/')) return { text };
  if (text.startsWith('//')) return { text: text.slice(1) };
  const [, name, words] = /^\/(\S*)\s*([\s\S]*)$/.exec(text) ?? [];
  const command = COMMANDS.find((c) => c.name === name);
  if (!command) return { unknown: `/${name}` };
  if (command.words && !words.trim()) return { wants: `/${name}` };
  return command.become(words.trim());
}

export const QUICK = ['👍', '❤️', '😄', '🎉', '😮', '🙏'];

/** emoji, then the words it is found by */
export const EMOJI = `
😀 grin senyum|😃 smiley happy senang|😄 smile tertawa|😁 beaming|😅 sweat_smile keringat|😂 joy ngakak|🤣 rofl|🙂 slight_smile
😉 wink kedip|😊 blush malu|😍 heart_eyes suka|😘 kiss cium|😎 cool keren sunglasses|🤔 thinking mikir|😐 neutral datar|😏 smirk
😴 sleep tidur|😮 open_mouth kaget|😢 cry sedih|😭 sob menangis|😡 angry marah|😱 scream takut|😤 triumph|🥳 party pesta
🤯 mind_blown|🥺 pleading mohon|😬 grimace|🙄 eye_roll|🤗 hug peluk|🤫 shush diam|🫡 salute hormat siap|🤝 handshake deal sepakat
👍 thumbsup +1 jempol setuju|👎 thumbsdown -1|👏 clap tepuk|🙌 raised_hands|🙏 pray thanks makasih mohon|👋 wave hai halo|💪 muscle kuat semangat|👌 ok_hand oke
✌️ peace|🤞 fingers_crossed|👀 eyes lihat|🧠 brain otak|❤️ heart hati cinta|🧡 orange_heart|💛 yellow_heart|💚 green_heart
💙 blue_heart|💜 purple_heart|💔 broken_heart|🔥 fire api mantap|✨ sparkles|⭐ star bintang|🎉 tada party selamat|🎂 cake ulang_tahun
🎁 gift hadiah|🏆 trophy piala|⚽ football soccer bola|🏀 basketball|🎮 game|🎵 music musik|📷 camera kamera|📎 clip
📌 pin|📅 calendar kalender|⏰ alarm|⏳ hourglass tunggu|✅ check selesai beres|❌ cross batal salah|⚠️ warning awas|❓ question tanya
❗ exclamation penting|💡 idea ide|🔧 wrench perbaiki|🐛 bug kutu|🚀 rocket luncur|💻 laptop|📱 phone hp|🔒 lock kunci
📚 books buku|✏️ pencil pensil|📝 memo catatan|🎓 graduation wisuda|🏠 home rumah|🏫 school sekolah kampus|🚗 car mobil|🏍️ motorcycle motor
✈️ plane pesawat|☕ coffee kopi|🍵 tea teh|🍚 rice nasi|🍜 noodles mie bakso|🍕 pizza|🍌 banana pisang|🥥 coconut kelapa
🌞 sun matahari|🌧️ rain hujan|🌈 rainbow pelangi|🌊 wave_sea ombak|🌴 palm|🌺 flower bunga|🐱 cat kucing|🐶 dog anjing
🐔 chicken ayam|🐟 fish ikan|🇮🇩 indonesia|💯 hundred|👻 ghost hantu|🤖 robot|💀 skull|🎈 balloon
`.trim().split(/\||\n/).map((part) => { const [emoji, ...names] = part.trim().split(' '); return { emoji, names }; });

/** @param {string} start @param {number} max */
export function emojiNamed(start, max = 8) {
  const wanted = start.toLowerCase();
  const found = EMOJI.filter((e) => e.names.some((n) => n.startsWith(wanted)));
  return (found.length ? found : EMOJI.filter((e) => e.names.some((n) => n.includes(wanted)))).slice(0, max);
}
