// Light, dark or as the system says. The cookie lets the server set the attribute before the first paint.
import { signal } from '../vendor/preact.js';

export const THEMES = ['system', 'light', 'dark'];
export const theme = signal(typeof document === 'undefined' ? 'system' : document.documentElement.dataset.theme || 'system');

export function setTheme(/** @type {string} */ name) {
  theme.value = THEMES.includes(name) ? name : 'system';
  document.documentElement.dataset.theme = theme.value;
  document.cookie = `theme=${theme.value}; Path=/; SameSite=Lax; Max-Age=31536000`;
}
