// @ts-check
// A message's text to a tree of plain objects. Pure: no markup is ever made from what people write.
/** @typedef {{type: string, text?: string, children?: Node[], href?: string, lang?: string, username?: string}} Node */

/** An address longer than this is text: no person reads it, and nobody needs to follow it. */
const ADDRESS_LONGEST = 2_048;
/** Each code block has a button: a message has not more of them than this. */
const BLOCKS_MOST = 200;
// The order is the precedence: what is code or an address is nothing else.
const INLINE = new RegExp([
  '(?<code>`[^`\\n]+`)',
  '(?<url>\\b(?:https?:\\/\\/|mailto:)[^\\s<>"“”]+)',
  '(?<mention>(?<![\\p{L}\\p{N}_.@/-])@[\\p{L}\\p{N}](?:[\\p{L}\\p{N}._-]{0,30}[\\p{L}\\p{N}_-])?)',
  '(?<bold>\\*\\*(?=\\S)[^*\\n]+?(?<=\\S)\\*\\*)',
  '(?<italic>(?<![\\p{L}\\p{N}_])_(?=\\S)[^_\\n]+?(?<=\\S)_(?![\\p{L}\\p{N}_]))',
].join('|'), 'gu');

/**
 * Line by line, each looked at twice at most, so that no text takes longer than its length.
 * @param {string} text @returns {Node[]} blocks: `code`, `quote`, `paragraph`
 */
export function parseText(text) {
  const blocks = /** @type {Node[]} */ ([]);
  const all = text.split('\n');
  const closed = all.map((line) => trimRight(line).endsWith('```'));
  let [from, close, codes] = [0, 0, 0];
  const until = (/** @type {number} */ end) => { if (end > from) blocks.push(...lines(all.slice(from, end))); };
  for (let at = 0; at < all.length; at += 1) {
    if (!all[at].startsWith('```')) continue;
    const alone = closed[at] && trimRight(all[at]).length >= 6;
    for (close = Math.max(close, at + 1); !alone && close < all.length && !closed[close];) close += 1;
    if ((!alone && close >= all.length) || codes >= BLOCKS_MOST) break;
    until(at);
    codes += 1;
    const end = alone ? at : close;
    blocks.push(codeOf(all.slice(at, end + 1)));
    from = end + 1;
    at = end;
  }
  until(all.length);
  return blocks;
}

/** @param {string[]} fenced from the line that opens to the line that closes @returns {Node} */
function codeOf(fenced) {
  const inside = fenced.slice();
  inside.push(trimRight(/** @type {string} */ (inside.pop())).slice(0, -3));
  inside[0] = fenced.length > 1 ? inside[0].slice(3) : inside[0].slice(3).trim();
  // What stands after the sign is the language if it is one word and the code begins on the next line.
  const lang = fenced.length > 1 && /^[\w+-]*$/.test(inside[0].trim()) ? inside[0].trim() : null;
  if (lang !== null) inside.shift();
  if (inside.length > 1 && !inside.at(-1)) inside.pop();
  return { type: 'code', lang: lang ?? '', text: inside.join('\n') };
}

/** Without the spaces and tabs at its end. @param {string} line */
function trimRight(line) {
  let end = line.length;
  while (end > 0 && (line[end - 1] === ' ' || line[end - 1] === '\t')) end -= 1;
  return line.slice(0, end);
}

/** Runs of lines that begin with `>` are quotes. @param {string[]} all @returns {Node[]} */
function lines(all) {
  const blocks = /** @type {{quoted: boolean, lines: string[]}[]} */ ([]);
  if (!all.some((line) => line.trim())) return [];
  for (const line of all) {
    const quoted = /^>\s?/.test(line);
    const shown = quoted ? line.replace(/^>\s?/, '') : line;
    const last = blocks.at(-1);
    if (last && last.quoted === quoted) last.lines.push(shown); else blocks.push({ quoted, lines: [shown] });
  }
  return blocks.map((b) => ({ type: b.quoted ? 'quote' : 'paragraph', children: inline(b.lines.join('\n')) }));
}

/** @param {string} text @returns {Node[]} */
export function inline(text) {
  const nodes = /** @type {Node[]} */ ([]);
  let at = 0;
  const plain = (/** @type {string} */ part) => { if (part) nodes.push({ type: 'text', text: part }); };
  INLINE.lastIndex = 0;
  for (const match of text.matchAll(INLINE)) {
    const groups = match.groups ?? {};
    let taken = match[0];
    /** @type {Node|null} */
    let node = null;
    if (groups.code) node = { type: 'inline-code', text: taken.slice(1, -1) };
    else if (groups.url) {
      const link = linkOf(taken);
      if (link) { taken = taken.slice(0, link.length); node = { type: 'link', href: link.href, text: link.shown }; }
    } else if (groups.mention) node = { type: 'mention', text: taken, username: taken.slice(1).toLowerCase() };
    else if (groups.bold) node = { type: 'bold', children: inline(taken.slice(2, -2)) };
    else if (groups.italic) node = { type: 'italic', children: inline(taken.slice(1, -1)) };
    if (!node) continue;
    plain(text.slice(at, match.index));
    nodes.push(node);
    at = match.index + taken.length;
  }
  plain(text.slice(at));
  return nodes;
}

/** Only emoji, and few: shown larger. @param {string} text */
export function onlyEmoji(text) {
  return text.length <= 24 && /^(?:\p{Extended_Pictographic}(?:\uFE0F|\u200D\p{Extended_Pictographic}|\p{Emoji_Modifier})*\s*){1,3}$/u.test(text);
}

/** The text addresses this person by name (or everyone). @param {string} text @param {string} username */
export function mentionsOf(text, username) {
  const said = text.toLowerCase();
  if (!said.includes('@all') && !said.includes(`@${username}`)) return false;
  return inline(text).some((n) => n.type === 'mention' && (n.username === username || n.username === 'all'));
}

/** One line for lists and quotes. @param {string} text */
export function firstWords(text, length = 140) {
  const line = text.replace(/```[\w+-]*/g, ' ').replace(/\s+/g, ' ').trim();
  return line.length > length ? `${line.slice(0, length - 1)}…` : line;
}

/**
 * @param {string} candidate text that begins like an address
 * @returns {{href: string, shown: string, length: number}|null} `length`: how much of the candidate belongs to it
 */
export function linkOf(candidate) {
  if (candidate.length > ADDRESS_LONGEST) return null;
  const text = trimmed(candidate);
  let url;
  try { url = new URL(text); } catch { return null; }
  if (!['http:', 'https:', 'mailto:'].includes(url.protocol)) return null;
  // `https://bank.example@evil.example` looks like one host and goes to another.
  if (url.username || url.password) return null;
  if (url.protocol === 'mailto:') return { href: url.href, shown: text, length: text.length };
  if (!url.hostname) return null;
  // A host beyond ASCII is shown as it is asked for (punycode): letters that look alike then differ.
  const typedHost = /^https?:\/\/([^/?#:]*)/i.exec(text)?.[1] ?? '';
  const plain = /^[\x00-\x7f]*$/.test(typedHost);
  const shown = plain ? text : text.replace(typedHost, () => url.hostname);
  return { href: url.href, shown: shown.replace(/[\u202a-\u202e\u2066-\u2069\u200b-\u200f]/g, ''), length: text.length };
}

const PAIRS = /** @type {Record<string, string>} */ ({ ')': '(', ']': '[', '}': '{' });

/** Without the full stop of the sentence and the bracket around it. @param {string} text */
function trimmed(text) {
  const count = /** @type {Record<string, number>} */ ({});
  for (const letter of text) count[letter] = (count[letter] ?? 0) + 1;
  let end = text.length;
  for (; end > 0; end -= 1) {
    const last = text[end - 1];
    const pair = PAIRS[last];
    if (pair ? count[last] <= (count[pair] ?? 0) : !/[.,;:!?'"*_…]/.test(last)) break;
    count[last] -= 1;
  }
  return text.slice(0, end);
}
