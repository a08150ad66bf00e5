// @ts-check
// What to offer while a name, a command or an emoji is being typed. Pure, but for the lists handed in.
import { emojiNamed } from './emoji.js';

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
