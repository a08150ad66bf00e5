// @ts-check
// Who came into a room and who left it, in few words. Pure.

/** @typedef {import('./history.js').Note} Note */

/**
 * What remains of a row of comings and goings: one who came and left is named once.
 * @param {Note[]} notes oldest first
 * @returns {{came: string[], left: string[], passed: string[], back: string[], again: boolean}} display names;
 *   `passed`: came and left; `back`: left and came back
 */
export function condensed(notes) {
  /** @type {Map<string, {name: string, first: string, last: string}>} */
  const people = new Map();
  for (const { event, username, name } of notes) {
    if (event !== 'again') people.set(username, { name, first: people.get(username)?.first ?? event, last: event });
  }
  const named = (/** @type {string} */ first, /** @type {string} */ last) => [...people.values()].filter((p) => p.first === first && p.last === last).map((p) => p.name);
  return {
    came: named('entered', 'entered'), left: named('left', 'left'), passed: named('entered', 'left'), back: named('left', 'entered'),
    again: notes.some((n) => n.event === 'again'),
  };
}
