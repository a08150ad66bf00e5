// @ts-check
// Editing a message in its own place.
import { html, useLayoutEffect, useRef, useState } from '../vendor/preact.js';
import { askDelete, saveEdit, stopEdit } from './deeds.js';
import { errorText } from './errors.js';
import { t } from './i18n.js';
import { composing, grow, sends } from './typing.js';

/** @param {{message: any, focusComposer: () => void}} props */
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
