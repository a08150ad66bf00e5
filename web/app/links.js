// @ts-check
// Which addresses may become links, and how they are shown. Pure.

/**
 * @param {string} candidate text that begins like an address
 * @returns {{href: string, shown: string, length: number}|null} `length`: how much of the candidate belongs to it
 */
export function linkOf(candidate) {
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
  const shown = plain ? text : text.replace(typedHost, url.hostname);
  return { href: url.href, shown: shown.replace(/[\u202a-\u202e\u2066-\u2069\u200b-\u200f]/g, ''), length: text.length };
}

/** Without the full stop of the sentence and the bracket around it. @param {string} text */
function trimmed(text) {
  let end = text.length;
  for (;;) {
    const last = text[end - 1];
    if (/[.,;:!?'"*_…]/.test(last ?? '')) { end -= 1; continue; }
    const pair = { ')': '(', ']': '[', '}': '{' }[last ?? ''];
    if (pair && count(text.slice(0, end), last) > count(text.slice(0, end), pair)) { end -= 1; continue; }
    return text.slice(0, end);
  }
}

/** @param {string} text @param {string} letter */
const count = (text, letter) => text.split(letter).length - 1;
