// @ts-check
// What was begun and not sent, per conversation, on this device; other tabs follow.
import { signal } from '../vendor/preact.js';

/** @typedef {{text: string, replyTo: number|null}} Draft */
export const drafts = signal(/** @type {Map<string, Draft>} */ (new Map()));
let owner = '';
const key = () => `kabar.drafts.${owner}`;
const NONE = Object.freeze({ text: '', replyTo: null });

/** @param {string} username */
export function openDrafts(username) {
  owner = username;
  read();
}

/** @param {boolean} forget */
export function closeDrafts(forget) {
  if (forget && owner) localStorage.removeItem(key());
  owner = '';
  drafts.value = new Map();
}

/** @param {string} id @returns {Draft} */
export function draftOf(id) { return drafts.value.get(id) ?? NONE; }

/** @param {string} id @param {Partial<Draft>} change */
export function setDraft(id, change) {
  const draft = { ...draftOf(id), ...change };
  const next = new Map(drafts.value);
  if (draft.text.trim() || draft.replyTo) next.set(id, draft); else next.delete(id);
  drafts.value = next;
  try { localStorage.setItem(key(), JSON.stringify([...next])); } catch { /* full: it is still in memory */ }
}

function read() {
  try { drafts.value = new Map(JSON.parse(localStorage.getItem(key()) ?? '[]')); } catch { drafts.value = new Map(); }
}

if (typeof addEventListener === 'function') {
  addEventListener('storage', (event) => { if (owner && event.key === key()) read(); });
}
