// @ts-check
// What one can do to a message, wherever it is shown.
import { signal } from '../vendor/preact.js';
import { api } from './api.js';
import { confirmDialog } from './dialog.js';
import { setDraft } from './drafts.js';
import { t } from './i18n.js';
import { pathTo } from './router.js';
import { copyText } from './rich.js';
import { conversations, me } from './state.js';
import { knownTimeline } from './timelines.js';
import { toastError } from './toast.js';
import { firstWords } from './text.js';

/** The message that is being edited in place: `conversation/seq`. */
export const editing = signal(/** @type {string|null} */ (null));
/** @param {any} m */
export const addressOf = (m) => `${m.conversation}/${m.seq}`;
/** @param {any} m */
const path = (m) => `/conversations/${encodeURIComponent(m.conversation)}/messages/${m.seq}`;

/** @param {any} m */
export const mayEdit = (m) => !m.deleted && !m.pending && m.author.username === me.value?.username && !(m.file && !m.text);
/** @param {any} m */
export const mayDelete = (m) => !m.deleted && !m.pending
  && (m.author.username === me.value?.username || conversations.value.get(m.conversation)?.role === 'admin');

/** @param {any} m */
export function startEdit(m) { editing.value = addressOf(m); }
export function stopEdit() { editing.value = null; }

/** @param {any} m @param {string} text */
export async function saveEdit(m, text) {
  if (!text.trim() || text.trim() === m.text) { stopEdit(); return; }
  const changed = await api.patch(path(m), { text: text.trim() });
  knownTimeline(m.conversation)?.changed(changed);
  stopEdit();
}

/** @param {any} m */
export async function askDelete(m) {
  const yes = await confirmDialog({
    title: t('message.delete_title'), text: firstWords(m.text || m.file?.name || ''), action: t('message.delete'), danger: true,
  });
  if (!yes) return;
  try {
    await api.del(path(m));
    knownTimeline(m.conversation)?.changed({ ...m, text: '', file: null, deleted: true, reactions: [] });
  } catch (error) { toastError(error); }
}

/** @param {any} m @param {string} emoji on when it was not, off when it was */
export async function react(m, emoji) {
  const own = me.value.username;
  const on = !m.reactions.some((/** @type {any} */ r) => r.emoji === emoji && r.users.includes(own));
  knownTimeline(m.conversation)?.changed({ ...m, reactions: toggled(m.reactions, emoji, own, on) });
  try {
    const where = `${path(m)}/reactions/${encodeURIComponent(emoji)}`;
    await (on ? api.put(where) : api.del(where));
  } catch (error) {
    knownTimeline(m.conversation)?.changed(m);
    toastError(error);
  }
}

/** @param {any[]} reactions @param {string} emoji @param {string} username @param {boolean} on */
export function toggled(reactions, emoji, username, on) {
  const known = reactions.some((r) => r.emoji === emoji);
  const all = known ? reactions : [...reactions, { emoji, users: [] }];
  return all.map((r) => (r.emoji === emoji ? { ...r, users: [...r.users.filter((/** @type {string} */ u) => u !== username), ...(on ? [username] : [])] } : r))
    .filter((r) => r.users.length);
}

/** @param {any} m */
export function replyTo(m) { setDraft(m.conversation, { replyTo: m.seq }); }
/** @param {any} m */
export function copyLink(m) { copyText(location.origin + pathTo(m.conversation, m.seq)); }
