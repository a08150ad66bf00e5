// @ts-check
// A message's text to a tree of plain objects. Pure: no markup is ever made from what people write.
import { linkOf } from './links.js';

/** @typedef {{type: string, text?: string, children?: Node[], href?: string, lang?: string, username?: string}} Node */

const FENCE = /^```([\w+-]*)[ \t]*\n?([\s\S]*?)\n?```[ \t]*$/m;
// The order is the precedence: what is code or an address is nothing else.
const INLINE = new RegExp([
  '(?<code>`[^`\\n]+`)',
  '(?<url>\\b(?:https?:\\/\\/|mailto:)[^\\s<>"“”]+)',
  '(?<mention>(?<![\\p{L}\\p{N}_.@/-])@[\\p{L}\\p{N}](?:[\\p{L}\\p{N}._-]{0,30}[\\p{L}\\p{N}_-])?)',
  '(?<bold>\\*\\*(?=\\S)[^*\\n]+?(?<=\\S)\\*\\*)',
  '(?<italic>(?<![\\p{L}\\p{N}_])_(?=\\S)[^_\\n]+?(?<=\\S)_(?![\\p{L}\\p{N}_]))',
].join('|'), 'gu');

/** @param {string} text @returns {Node[]} blocks: `code`, `quote`, `paragraph` */
export function parseText(text) {
  const blocks = /** @type {Node[]} */ ([]);
  let rest = text;
  while (rest) {
    const found = FENCE.exec(rest);
    if (!found) { blocks.push(...lines(rest)); break; }
    blocks.push(...lines(rest.slice(0, found.index).replace(/\n$/, '')));
    blocks.push({ type: 'code', lang: found[1], text: found[2] });
    rest = rest.slice(found.index + found[0].length).replace(/^\n/, '');
  }
  return blocks;
}

/** Runs of lines that begin with `>` are quotes. @param {string} text @returns {Node[]} */
function lines(text) {
  const blocks = /** @type {{quoted: boolean, lines: string[]}[]} */ ([]);
  if (!text.trim()) return [];
  for (const line of text.split('\n')) {
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
  return inline(text).some((n) => n.type === 'mention' && (n.username === username || n.username === 'all'));
}

/** One line for lists and quotes. @param {string} text */
export function firstWords(text, length = 140) {
  const line = text.replace(/```[\w+-]*/g, ' ').replace(/\s+/g, ' ').trim();
  return line.length > length ? `${line.slice(0, length - 1)}…` : line;
}
