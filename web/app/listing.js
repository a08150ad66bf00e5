// @ts-check
// The conversation list without its drawing: which are shown, which is next, which one a few letters mean. Pure.
/**
 * The neighbour of `from` in `ids`, going round at the ends; only where `wanted` says so. Null: there is none.
 * @param {string[]} ids @param {string|null} from @param {1|-1} step @param {(id: string) => boolean} wanted
 */
export function neighbour(ids, from, step, wanted = () => true) {
  const at = from === null ? -1 : ids.indexOf(from);
  const start = at < 0 && step < 0 ? ids.length : at;
  for (let i = 1; i <= ids.length; i += 1) {
    const id = ids[(((start + step * i) % ids.length) + ids.length) % ids.length];
    if (id !== from && wanted(id)) return id;
  }
  return null;
}

/** The one to read first: a mention before anything else, the longest waiting first. @param {any[]} list newest first */
export function firstToRead(list) {
  const waiting = list.filter((c) => c.unread > 0).reverse();
  return (waiting.find((c) => c.mentions > 0) ?? waiting[0])?.id ?? null;
}

/** `user@realm` when that is what was typed, else null. @param {string} text */
export function addressIn(text) {
  const found = /^@?([^\s@/]+@[^\s@/]+)$/.exec(text.trim());
  return found ? found[1].toLowerCase() : null;
}

const plain = (/** @type {string} */ text) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();

/** How well `query` names `text`: 0 not at all; the start of the whole, of a word, inside, letters in order. @param {string} query @param {string} text */
export function closeness(query, text) {
  const [q, s] = [plain(query.trim()), plain(text)];
  if (!q) return 1;
  if (s === q) return 6;
  if (s.startsWith(q)) return 5;
  if (s.split(/[\s._-]+/).some((word) => word.startsWith(q))) return 4;
  if (s.includes(q)) return 3;
  let at = -1;
  for (const letter of q) {
    at = s.indexOf(letter, at + 1);
    if (at < 0) return 0;
  }
  return 1;
}

/**
 * Unread first, then the best name, then the order given (newest first). Scattered letters are a guess: they come after
 * every name that has the letters together.
 * @template T @param {string} query @param {{item: T, texts: string[], unread: number}[]} entries @returns {T[]}
 */
export function ranked(query, entries, limit = 30) {
  return entries
    .map((entry, place) => ({ ...entry, place, score: Math.max(...entry.texts.map((text) => closeness(query, text))) }))
    .filter((entry) => entry.score > 0)
    .sort((a, b) => Number(b.score > 1) - Number(a.score > 1) || Number(b.unread > 0) - Number(a.unread > 0) || b.score - a.score || a.place - b.place)
    .slice(0, limit).map((entry) => entry.item);
}
