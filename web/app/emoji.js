// @ts-check
// The emoji that can be typed as `:name` and the ones offered for a reaction. Names in English and Indonesian.
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
