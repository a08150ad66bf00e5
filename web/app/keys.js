// @ts-check
// Names of key combinations ("Ctrl+Shift+M") and whether an event is one of them. Pure.
/** @typedef {{key: string, code?: string, ctrlKey?: boolean, metaKey?: boolean, altKey?: boolean, shiftKey?: boolean}} Pressed */

const NAMES = /** @type {Record<string, string>} */ ({ Up: 'ArrowUp', Down: 'ArrowDown', Left: 'ArrowLeft', Right: 'ArrowRight', PgUp: 'PageUp', PgDn: 'PageDown', Esc: 'Escape' });

/** @param {string} combination @param {Pressed} event Ctrl is also the Command key of a Mac */
export function pressed(combination, event) {
  const parts = combination.split('+');
  const wanted = NAMES[/** @type {string} */ (parts.at(-1))] ?? /** @type {string} */ (parts.at(-1));
  const [ctrl, alt, shift] = ['Ctrl', 'Alt', 'Shift'].map((m) => parts.includes(m));
  if (ctrl !== Boolean(event.ctrlKey || event.metaKey) || alt !== Boolean(event.altKey)) return false;
  // "?" and "/" need Shift on some keyboards: what counts there is the sign.
  const sign = wanted.length === 1 && !/[a-z0-9]/i.test(wanted);
  if (!sign && shift !== Boolean(event.shiftKey)) return false;
  if (event.key.toLowerCase() === wanted.toLowerCase()) return true;
  // Alt changes the sign of a letter on some systems; the key itself stays.
  return alt && /^[a-z]$/i.test(wanted) && event.code === `Key${wanted.toUpperCase()}`;
}

/** One sign is typed, nothing is commanded. @param {Pressed} event */
export function printable(event) {
  return [...event.key].length === 1 && event.key !== ' ' && !event.ctrlKey && !event.metaKey && !event.altKey;
}

/** The parts for `<kbd>`. @param {string} combination */
export function keysOf(combination) {
  return combination.split('+').map((part) => ({ Up: '↑', Down: '↓', Left: '←', Right: '→' }[part] ?? part));
}
