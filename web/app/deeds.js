// @ts-check
// What one can do to a message: answer, react, edit, delete, copy; its toolbar and its editor.
import { h, html, useLayoutEffect, useRef, useState } from '../vendor/preact.js';
import { EMOJI, QUICK } from './complete.js';
import { composing, grow, sends } from './composer.js';
import { confirmDialog, Dialog, openDialog } from './dialog.js';
import { errorText } from './errors.js';
import { knownTimeline } from './history.js';
import { t } from './i18n.js';
import { addressOf, editing, mayEdit } from './message.js';
import { api } from './net.js';
import { pathTo } from './router.js';
import { conversations, me, setDraft } from './state.js';
import { firstWords } from './text.js';
import { Icon, Menu, toast, toastError } from './ui.js';

/** @param {any} m */
const path = (m) => `/conversations/${encodeURIComponent(m.conversation)}/messages/${m.seq}`;

/** @param {any} m */
export const mayDelete = (m) => !m.deleted && !m.pending
  && (m.author.username === me.value?.username || conversations.value.get(m.conversation)?.role === 'admin');

/** @param {any} m */
export function startEdit(m) { editing.value = addressOf(m); }
export function stopEdit() { editing.value = null; }

/** The message as it is now, not as it was when something was begun with it. @param {any} m */
const present = (m) => knownTimeline(m.conversation)?.win.peek()?.messages.find((one) => one.seq === m.seq);
/** An answer may be older than what the events told meanwhile: what is deleted stays deleted. @param {any} m @param {(now: any) => any} change */
function alter(m, change) {
  const now = present(m);
  if (now && !now.deleted) knownTimeline(m.conversation)?.changed(change(now));
}

/** @param {any} m @param {string} text */
export async function saveEdit(m, text) {
  if (!text.trim() || text.trim() === m.text) { stopEdit(); return; }
  const changed = await api.patch(path(m), { text: text.trim() });
  // On its way to another realm it is no message yet: the mark at the message says so.
  if (!changed.change) alter(m, () => changed);
  stopEdit();
}

/** @param {any} m */
export async function askDelete(m) {
  const yes = await confirmDialog({
    title: t('message.delete_title'), text: firstWords(m.text || m.file?.name || ''), action: t('message.delete'), danger: true,
  });
  if (!yes) return;
  try {
    const onWay = await api.del(path(m));
    if (!onWay) alter(m, (now) => ({ ...now, text: '', file: null, deleted: true, reactions: [] }));
  } catch (error) { toastError(error); }
}

/** @param {any} m @param {string} emoji on when it was not, off when it was */
export async function react(m, emoji) {
  const own = me.value.username;
  const on = !(present(m) ?? m).reactions.some((/** @type {any} */ r) => r.emoji === emoji && r.users.includes(own));
  const turn = (/** @type {boolean} */ wish) => alter(m, (now) => ({ ...now, reactions: toggled(now.reactions, emoji, own, wish) }));
  turn(on);
  try {
    const where = `${path(m)}/reactions/${encodeURIComponent(emoji)}`;
    await (on ? api.put(where) : api.del(where));
  } catch (error) {
    turn(!on);
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

/** Editing a message in its own place. @param {{message: any, focusComposer: () => void}} props */
export function Editor({ message, focusComposer }) {
  const field = useRef(/** @type {HTMLTextAreaElement|null} */ (null));
  const [error, setError] = useState('');
  useLayoutEffect(() => {
    const el = field.current;
    if (!el) return;
    el.value = message.text;
    grow(el);
    el.focus();
    el.setSelectionRange(el.value.length, el.value.length);
  }, []);
  const leave = () => { stopEdit(); focusComposer(); };
  const save = async () => {
    const text = field.current?.value ?? '';
    if (!text.trim()) { leave(); askDelete(message); return; }
    try { await saveEdit(message, text); focusComposer(); } catch (e) { setError(errorText(e)); }
  };
  const key = (/** @type {KeyboardEvent} */ e) => {
    if (composing(e)) return;
    if (e.key === 'Escape') { e.preventDefault(); e.stopPropagation(); leave(); }
    if (sends(e)) { e.preventDefault(); save(); }
    if (e.key === 'ArrowUp' || e.key === 'ArrowDown') e.stopPropagation();
  };
  return html`<div class="editor">
    <textarea ref=${field} class="editor-field" dir="auto" rows="1" aria-label=${t('message.edit')} onKeyDown=${key} onInput=${(/** @type {any} */ e) => grow(e.target)}></textarea>
    ${error && html`<p class="editor-error" role="alert">${error}</p>`}
    <div class="editor-deeds"><button type="button" class="button button-small" onClick=${leave}>${t('dialog.cancel')}</button>
      <button type="button" class="button button-small button-primary" onClick=${save}>${t('message.save')}</button></div>
  </div>`;
}

/** @param {string} text */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast(t('message.copied'));
  } catch { toast(t('message.not_copied'), { error: true }); }
}

/** @param {{message: any, reach: number, focusComposer: () => void}} props */
export function Tools({ message, reach, focusComposer }) {
  const reply = () => { replyTo(message); focusComposer(); };
  const items = [
    { label: t('message.reply'), icon: 'reply', run: reply },
    { label: t('message.react'), icon: 'smile', run: () => openReactions(message) },
    mayEdit(message) && { label: t('message.edit'), icon: 'edit', run: () => startEdit(message) },
    message.text && { label: t('message.copy_text'), icon: 'copy', run: () => copyText(message.text) },
    { label: t('message.copy_link'), icon: 'link', run: () => copyLink(message) },
    mayDelete(message) && { label: t('message.delete'), icon: 'trash', danger: true, run: () => askDelete(message) },
  ].filter(Boolean);
  const button = (/** @type {string} */ name, /** @type {string} */ label, /** @type {() => void} */ run) => html`<button type="button" class="icon-button" tabindex=${reach}
    aria-label=${label} title=${label} onClick=${run}>${h(Icon, { name })}</button>`;
  return html`<div class="tools" role="group" aria-label=${t('message.tools')}>
    ${QUICK.slice(0, 2).map((emoji) => html`<button type="button" key=${emoji} class="icon-button tool-emoji" tabindex=${reach} aria-label=${t('message.react_with', { emoji })} title=${t('message.react_with', { emoji })} onClick=${() => react(message, emoji)}>${emoji}</button>`)}
    ${button('smile', t('message.react'), () => openReactions(message))}
    ${button('reply', t('message.reply'), reply)}
    ${mayEdit(message) && button('edit', t('message.edit'), () => startEdit(message))}
    ${h(Menu, { label: t('message.more'), items: /** @type {any} */ (items), tabindex: reach })}
  </div>`;
}

/** @param {any} message */
export function openReactions(message) { openDialog(Chooser, { message }); }

/** @param {any} props */
function Chooser({ message, close }) {
  const all = [...new Set([...QUICK, ...EMOJI.map((e) => e.emoji)])];
  const names = new Map(EMOJI.map((e) => [e.emoji, e.names[0].replaceAll('_', ' ')]));
  return h(Dialog, { title: t('message.react'), onClose: close },
    html`<div class="chooser">${all.map((emoji, i) => html`<button type="button" key=${emoji} class="choice" data-autofocus=${i === 0} aria-label=${names.get(emoji) ?? emoji} title=${names.get(emoji) ?? ''}
      onClick=${() => { close(); react(message, emoji); }}>${emoji}</button>`)}</div>`);
}
