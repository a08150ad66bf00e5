// @ts-check
// Where one writes: the draft, what is offered while typing, files, sending.
import { h, html, signal, useEffect, useLayoutEffect, useRef, useState } from '../vendor/preact.js';
import { jumpToLatest, scrollLog } from './conversation.js';
import { timelineOf } from './history.js';
import { fmt, t } from './i18n.js';
import { addressOf, editing, mayEdit, messageAt, wordsOf } from './message.js';
import { contents, sendFrame } from './net.js';
import { draftOf, drafts, me, queue, realm, setDraft, setting, touch } from './state.js';
import { Icon, lazy } from './ui.js';

const TYPING_EVERY_MS = 3_000;
const LONG_PASTE = 8_192;
const LONG_LINES = 100;

// Fetched as soon as the first messages are on the screen.
const Offers = lazy(() => import('./offers.js'), 'Offers');
const Chips = lazy(() => import('./files.js'), 'Chips');
/** @param {string} id @param {Iterable<File>} files copied at once: the browser empties its lists after the event */
const addFiles = (id, files) => { const copy = [...files]; import('./files.js').then((m) => m.addFiles(id, copy)); };

/**
 * Files chosen for the next message of a conversation, by conversation.
 * @typedef {{key: string, blob: File, url: string|null, width: number|null, height: number|null}} Chosen
 */
const files = signal(/** @type {Map<string, Chosen[]>} */ (new Map()));
/** @param {string} id */
export const filesOf = (id) => files.value.get(id) ?? [];
/** @param {string} id @param {Chosen[]} list */
export function putFiles(id, list) { files.value = new Map(files.value).set(id, list); }

/** The composer on the screen. @type {{field: HTMLTextAreaElement|null, picker: HTMLInputElement|null, id: string}|null} */
let mounted = null;
export function focusComposer() { mounted?.field?.focus(); }
export function pickFiles() { mounted?.picker?.click(); }
/** Opens one's own last message for editing. */
export function editLast() {
  if (!mounted) return false;
  const own = timelineOf(mounted.id).win.peek()?.messages.findLast((m) => m.author.username === me.value?.username && mayEdit(m));
  if (own) editing.value = addressOf(own);
  return Boolean(own);
}

/** @param {{id: string, name: string, kind: string, seq?: number}} props */
export function Composer({ id, name, kind, seq }) {
  const field = useRef(/** @type {HTMLTextAreaElement|null} */ (null));
  const picker = useRef(/** @type {HTMLInputElement|null} */ (null));
  const [error, setError] = useState('');
  const [pasted, setPasted] = useState('');
  const typedAt = useRef(0);
  /** Filled by the list of offers once it is there. */
  const offers = useRef(/** @type {any} */ (null));
  const draft = drafts.value.get(id);
  const text = draft?.text ?? '';
  const chosen = filesOf(id);
  const over = tooLong(text);

  useEffect(() => {
    mounted = { field: field.current, picker: picker.current, id };
    if (!touch.value && !seq && !document.querySelector('dialog[open]')) field.current?.focus({ preventScroll: true });
    return () => { mounted = null; };
  }, [id]);
  useLayoutEffect(() => {
    const el = field.current;
    if (!el) return;
    // Written by another tab, by a command or by sending; what is typed here is there already.
    if (el.value !== text) el.value = text;
    grow(el);
  }, [text]);

  const set = (/** @type {string} */ value) => { setDraft(id, { text: value }); setError(''); };
  const input = (/** @type {any} */ e) => {
    set(e.target.value);
    offers.current?.look();
    if (setting('typing') && e.target.value.trim() && Date.now() - typedAt.current > TYPING_EVERY_MS) {
      typedAt.current = Date.now();
      sendFrame({ type: 'typing', conversation: id });
    }
  };
  const send = async () => {
    // What is being sent is not sent a second time: a command's meaning may have to be fetched first.
    if (underway.has(id)) return;
    underway.add(id);
    offers.current?.close();
    const typed = field.current?.value ?? '';
    const result = await submit(id, typed).catch(() => ({ sent: false, error: t('error.offline') })).finally(() => underway.delete(id));
    if (result.error) setError(result.error);
    if (!result.sent) return;
    // Something else may have been written meanwhile.
    const left = draftOf(id).text;
    setDraft(id, { text: left === typed ? '' : left, replyTo: null });
    setPasted('');
    typedAt.current = 0;
    if (mounted?.id !== id) return;
    jumpToLatest();
    field.current?.focus();
  };
  const key = (/** @type {KeyboardEvent} */ e) => {
    if (composing(e) || offers.current?.key(e)) return;
    const empty = !field.current?.value;
    if (sends(e)) { e.preventDefault(); send(); return; }
    if (e.key === 'ArrowUp' && empty && !e.ctrlKey && !e.altKey && editLast()) e.preventDefault();
    if (e.key === 'PageUp' || e.key === 'PageDown') { e.preventDefault(); scrollLog(e.key === 'PageUp' ? -1 : 1); }
    if (e.key === 'Escape') {
      e.preventDefault();
      if (draft?.replyTo) setDraft(id, { replyTo: null }); else jumpToLatest();
    }
  };
  const paste = (/** @type {ClipboardEvent} */ e) => {
    const got = e.clipboardData;
    if (got?.files.length) { e.preventDefault(); addFiles(id, got.files); return; }
    const words = got?.getData('text/plain') ?? '';
    if (words.length > LONG_PASTE || words.split('\n').length > LONG_LINES) setPasted(words);
  };
  const asFile = () => {
    set(text.replace(pasted, '').trim());
    addFiles(id, [new File([pasted], t('composer.paste_name'), { type: 'text/plain' })]);
    setPasted('');
    field.current?.focus();
  };

  return html`<form class="composer" aria-label=${t('composer.label', { name })} onSubmit=${(/** @type {Event} */ e) => { e.preventDefault(); send(); }}>
    ${draft?.replyTo && h(Answering, { id, seq: draft.replyTo })}
    ${pasted && text.includes(pasted) && html`<div class="composer-note"><span>${t('composer.long_paste', { size: fmt.bytes(pasted.length) })}</span><button type="button" class="button button-small" onClick=${asFile}>${t('composer.as_file')}</button></div>`}
    ${chosen.length > 0 && h(Chips, { id, files: chosen })}
    <div class="composer-box">
      ${h(Offers, { handle: offers, field, id, kind })}
      <button type="button" class="icon-button" aria-label=${t('composer.attach')} title=${t('composer.attach')} onClick=${() => picker.current?.click()}>${h(Icon, { name: 'paperclip' })}</button>
      <input ref=${picker} type="file" multiple hidden onChange=${(/** @type {any} */ e) => { addFiles(id, e.target.files); e.target.value = ''; field.current?.focus(); }} />
      <textarea ref=${field} class="composer-field" rows="1" dir="auto" placeholder=${t('composer.placeholder', { name })} aria-label=${t('composer.placeholder', { name })}
        enterkeyhint=${touch.value ? 'enter' : 'send'} autocomplete="off" aria-describedby=${error || over ? 'composer-error' : undefined} aria-invalid=${over ? 'true' : undefined}
        aria-autocomplete="list" aria-haspopup="listbox" onInput=${input} onKeyDown=${key} onPaste=${paste} onBlur=${() => offers.current?.close()} onSelect=${() => offers.current?.moved()}></textarea>
      <button type="submit" class="icon-button composer-send" aria-label=${t('composer.send')} title=${t('composer.send')} disabled=${over > 0 || (!text.trim() && !chosen.length)}>${h(Icon, { name: 'send' })}</button>
    </div>
    ${(error || over > 0) && html`<p id="composer-error" class="composer-error" role="alert">${error || t('composer.too_long', { over: fmt.bytes(over) })}</p>`}
  </form>`;
}

/** @param {{id: string, seq: number}} props */
function Answering({ id, seq }) {
  const message = messageAt(id, seq);
  return html`<div class="composer-note composer-reply">${h(Icon, { name: 'reply' })}
    <span class="composer-reply-words">${t('composer.reply_to', { name: message?.author.name ?? '…' })} <span class="quote-text" dir="auto">${message ? wordsOf(message) : ''}</span></span>
    <button type="button" class="icon-button" aria-label=${t('composer.no_reply')} title=${t('composer.no_reply')} onClick=${() => { setDraft(id, { replyTo: null }); focusComposer(); }}>${h(Icon, { name: 'close' })}</button>
  </div>`;
}

/** An input method is at work: its Enter chooses a word. @param {KeyboardEvent} e */
export const composing = (e) => e.isComposing || e.keyCode === 229;

/** Is this Enter meant to send? On a touch keyboard it is a new line. @param {KeyboardEvent} e */
export function sends(e) {
  if (e.key !== 'Enter' || e.shiftKey || e.altKey) return false;
  if (e.ctrlKey || e.metaKey) return true;
  return !touch.value && setting('enterSends');
}

/** A field as high as its text, up to 40 % of the window. @param {HTMLTextAreaElement} el */
export function grow(el) {
  el.style.height = 'auto';
  const border = el.offsetHeight - el.clientHeight;
  el.style.height = `${Math.min(el.scrollHeight + border, innerHeight * 0.4)}px`;
}

/** Conversations with a message between Enter and the queue. */
const underway = new Set();
const encoder = new TextEncoder();

/** @param {string} text @returns {number} bytes over the limit; 0 = fits */
export function tooLong(text) {
  const limit = realm.value?.limits?.text_bytes ?? 65536;
  // Nothing of a third of the limit's length can be too long: counting is left out.
  return text.length * 3 <= limit ? 0 : Math.max(0, encoder.encode(text.trim()).length - limit);
}

/** @param {string} id @param {string} typed @returns {Promise<{sent: boolean, error?: string}>} */
async function submit(id, typed) {
  const said = typed.trim();
  if (!said && !filesOf(id).length) return { sent: false };
  if (tooLong(typed)) return { sent: false, error: t('composer.too_long', { over: fmt.bytes(tooLong(typed)) }) };
  if (!/^\/|@all/i.test(said)) { enqueue(id, said); return { sent: true }; }
  const meant = await (await import('./submit.js')).meaning(id, said);
  if (meant.text !== undefined) enqueue(id, meant.text);
  return { sent: meant.text !== undefined || Boolean(meant.done), error: meant.error };
}

/** @param {string} id @param {string} text */
function enqueue(id, text) {
  const at = new Date().toISOString();
  const reply_to = draftOf(id).replyTo;
  const files = filesOf(id);
  if (!files.length) { queue.add({ key: randomKey(), conversation: id, text, reply_to, at }); return; }
  putFiles(id, []);
  files.forEach(({ key, blob, url, width, height }, i) => {
    if (url) URL.revokeObjectURL(url);
    contents.set(key, blob);
    queue.add({
      key, conversation: id, text: i ? '' : text, reply_to: i ? null : reply_to, at,
      file: { name: blob.name, size: blob.size, media_type: blob.type || 'application/octet-stream', width, height },
    });
  });
}

/** `randomUUID` is missing where the page did not come over https. */
export function randomKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, '0')).join('');
}

/** Files dragged over the window; anywhere else a drop would make the browser leave the page. @param {{id: string}} props */
export function DropZone({ id }) {
  const [over, setOver] = useState(false);
  useEffect(() => {
    let depth = 0;
    const withFiles = (/** @type {DragEvent} */ e) => e.dataTransfer?.types.includes('Files');
    const enter = (/** @type {DragEvent} */ e) => { if (withFiles(e)) { depth += 1; setOver(true); } };
    const leave = () => { depth = Math.max(0, depth - 1); if (!depth) setOver(false); };
    const hold = (/** @type {DragEvent} */ e) => { if (withFiles(e)) e.preventDefault(); };
    const drop = (/** @type {DragEvent} */ e) => {
      if (!withFiles(e)) return;
      e.preventDefault();
      depth = 0;
      setOver(false);
      addFiles(id, e.dataTransfer?.files ?? []);
      focusComposer();
    };
    const all = /** @type {[string, any][]} */ ([['dragenter', enter], ['dragleave', leave], ['dragover', hold], ['drop', drop]]);
    for (const [type, fn] of all) addEventListener(type, fn);
    return () => { for (const [type, fn] of all) removeEventListener(type, fn); };
  }, [id]);
  if (!over) return null;
  return html`<div class="drop"><div class="drop-box">${h(Icon, { name: 'paperclip' })}<p>${t('composer.drop')}</p></div></div>`;
}
