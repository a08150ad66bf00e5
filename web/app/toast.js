// @ts-check
// Short news at the edge of the window. Errors stay until they are closed; the rest leaves by itself.
import { h, html, render, signal } from '../vendor/preact.js';
import { errorText } from './errors.js';
import { t } from './i18n.js';
import { Icon, styled } from './ui.js';

const SHOWN_MS = 6000;
const TOASTS_MAX = 4;
/** @typedef {{id: number, text: string, error?: boolean, action?: string, onAction?: () => void}} Toast */
const toasts = signal(/** @type {Toast[]} */ ([]));
let last = 0;

/** Called by `toast` in ui.js. */
export function show(/** @type {string} */ text, /** @type {Omit<Toast, 'id'|'text'>} */ { error, action, onAction } = {}) {
  const id = last += 1;
  // The same words twice are one piece of news.
  toasts.value = [...toasts.value.filter((o) => o.text !== text), { id, text, error, action, onAction }].slice(-TOASTS_MAX);
  if (!error) setTimeout(() => drop(id), action ? SHOWN_MS * 2 : SHOWN_MS);
}

/** What an ApiError has to say. */
export function showError(/** @type {any} */ error) {
  show(errorText(error), { error: true });
}

const drop = (/** @type {number} */ id) => { toasts.value = toasts.value.filter((o) => o.id !== id); };

function Toasts() {
  const [errors, news] = [toasts.value.filter((o) => o.error), toasts.value.filter((o) => !o.error)];
  // Two live regions that are always there: a region added together with its text is often not read out.
  return html`<div class="toasts">
    <div role="alert">${errors.map((o) => h(One, { key: o.id, toast: o }))}</div>
    <div role="status">${news.map((o) => h(One, { key: o.id, toast: o }))}</div>
  </div>`;
}

function One(/** @type {{toast: Toast}} */ { toast: { id, text, error, action, onAction } }) {
  return html`<div class=${error ? 'toast toast-error' : 'toast'}>
    <span class="toast-text" dir="auto">${text}</span>
    ${action && html`<button type="button" class="button button-quiet" onClick=${() => { drop(id); onAction?.(); }}>${action}</button>`}
    <button type="button" class="icon-button" aria-label=${t('toast.close')} onClick=${() => drop(id)}>${h(Icon, { name: 'close' })}</button>
  </div>`;
}

await styled('pages');
render(h(Toasts, {}), document.body.appendChild(document.createElement('div')));
