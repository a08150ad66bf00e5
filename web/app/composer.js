// @ts-check
// Where one writes: the draft, what is offered while typing, files, sending.
import { h, html, useEffect, useLayoutEffect, useRef, useState } from '../vendor/preact.js';
import { addFiles, filesOf } from './attachments.js';
import { Chips } from './chips.js';
import { useOffers, Offers } from './offers.js';
import { mayEdit, startEdit } from './deeds.js';
import { draftOf, drafts, setDraft } from './drafts.js';
import { sendFrame } from './events.js';
import { fmt, t } from './i18n.js';
import { Icon } from './icons.js';
import { composing, grow, sends } from './typing.js';
import { messageAt, wordsOf } from './quote.js';
import { me, setting, touch } from './state.js';
import { submit, tooLong } from './submit.js';
import { jumpToLatest, scrollLog } from './timeline.js';
import { timelineOf } from './timelines.js';

const TYPING_EVERY_MS = 3_000;
const LONG_PASTE = 8_192;
const LONG_LINES = 100;

/** The composer on the screen. @type {{field: HTMLTextAreaElement|null, picker: HTMLInputElement|null, id: string}|null} */
let mounted = null;
export function focusComposer() { mounted?.field?.focus(); }
export function pickFiles() { mounted?.picker?.click(); }
/** Opens one's own last message for editing. */
export function editLast() {
  if (!mounted) return false;
  const own = timelineOf(mounted.id).win.peek()?.messages.findLast((m) => m.author.username === me.value?.username && mayEdit(m));
  if (own) startEdit(own);
  return Boolean(own);
}

/** @param {{id: string, name: string, kind: string, seq?: number}} props */
export function Composer({ id, name, kind, seq }) {
  const field = useRef(/** @type {HTMLTextAreaElement|null} */ (null));
  const picker = useRef(/** @type {HTMLInputElement|null} */ (null));
  const [error, setError] = useState('');
  const [pasted, setPasted] = useState('');
  const typedAt = useRef(0);
  const offers = useOffers(field, id, kind);
  const draft = drafts.value.get(id);
  const text = draft?.text ?? '';
  const files = filesOf(id);
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
    offers.look();
    if (setting('typing') && e.target.value.trim() && Date.now() - typedAt.current > TYPING_EVERY_MS) {
      typedAt.current = Date.now();
      sendFrame({ type: 'typing', conversation: id });
    }
  };
  const send = async () => {
    offers.close();
    const result = await submit(id, field.current?.value ?? '');
    if (result.error) setError(result.error);
    if (!result.sent) return;
    setDraft(id, { text: '', replyTo: null });
    setPasted('');
    typedAt.current = 0;
    jumpToLatest();
    field.current?.focus();
  };
  const key = (/** @type {KeyboardEvent} */ e) => {
    if (composing(e) || offers.key(e)) return;
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
    ${files.length > 0 && h(Chips, { id, files })}
    <div class="composer-box">
      ${h(Offers, { offers })}
      <button type="button" class="icon-button" aria-label=${t('composer.attach')} title=${t('composer.attach')} onClick=${() => picker.current?.click()}>${h(Icon, { name: 'paperclip' })}</button>
      <input ref=${picker} type="file" multiple hidden onChange=${(/** @type {any} */ e) => { addFiles(id, e.target.files); e.target.value = ''; field.current?.focus(); }} />
      <textarea ref=${field} class="composer-field" rows="1" dir="auto" placeholder=${t('composer.placeholder', { name })} aria-label=${t('composer.placeholder', { name })}
        enterkeyhint=${touch.value ? 'enter' : 'send'} autocomplete="off" aria-describedby=${error || over ? 'composer-error' : undefined} aria-invalid=${over ? 'true' : undefined}
        ...${offers.attributes} onInput=${input} onKeyDown=${key} onPaste=${paste} onBlur=${() => offers.close()} onSelect=${() => offers.moved()}></textarea>
      <button type="submit" class="icon-button composer-send" aria-label=${t('composer.send')} title=${t('composer.send')} disabled=${over > 0 || (!text.trim() && !files.length)}>${h(Icon, { name: 'send' })}</button>
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
export { draftOf };
