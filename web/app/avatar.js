// @ts-check
// Initials on a colour that follows from the name: the same for everyone, on every device.
import { html, h } from '../vendor/preact.js';
import { Icon } from './icons.js';

const HUES = 10;

/** @param {string} username @returns {number} */
export function hueOf(username) {
  let hash = 2166136261;
  for (let i = 0; i < username.length; i += 1) hash = Math.imul(hash ^ username.charCodeAt(i), 16777619);
  return (hash >>> 8) % HUES;
}

const letters = typeof Intl !== 'undefined' && 'Segmenter' in Intl ? new Intl.Segmenter() : null;
/** @param {string} word */
const firstLetter = (word) => (letters ? letters.segment(word)[Symbol.iterator]().next().value?.segment : [...word][0]) ?? '';

/** @param {string} name at most two letters of it */
export function initials(name) {
  const words = name.trim().split(/[\s._-]+/).filter(Boolean);
  const chosen = words.length > 1 ? [words[0], /** @type {string} */ (words.at(-1))] : words;
  return chosen.map(firstLetter).join('').toLocaleUpperCase();
}

/**
 * Decoration: the name always stands beside it.
 * @param {{user?: any, name?: string, group?: boolean, icon?: string, size?: 's'|'l', active?: boolean}} props
 */
export function Avatar({ user, name, group, icon, size, active }) {
  const shown = name ?? user?.name ?? '';
  const classes = ['avatar', `hue-${hueOf(user?.username ?? shown)}`, size ? `avatar-${size}` : '', active ? 'avatar-active' : ''];
  const sign = icon ?? (group ? 'group' : null);
  return html`<span class=${classes.join(' ')} aria-hidden="true">${sign ? h(Icon, { name: sign }) : initials(shown)}</span>`;
}
