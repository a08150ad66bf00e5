// @ts-check
// Dialogs: a stack of native modal <dialog>s. The browser keeps the focus inside and the rest inert; Esc, Back and a
// press outside close the top one, and the focus goes back to where it was.
import { h, html, render, signal, useEffect, useId, useLayoutEffect, useRef, useState } from '../vendor/preact.js';
import { t } from './i18n.js';
import { holdBack } from './router.js';
import { Icon, styled } from './ui.js';

/** @typedef {{id: number, Component: any, props: any, close: (result?: any) => void}} Open */
const stack = signal(/** @type {Open[]} */ ([]));
let last = 0;

/** Shows `Component` with `props` and `close`; answers the function that closes it. */
export function openDialog(/** @type {any} */ Component, /** @type {any} */ props = {}) {
  const id = last += 1;
  const before = /** @type {HTMLElement|null} */ (document.activeElement);
  const close = (/** @type {any} */ result = undefined) => {
    if (!stack.peek().some((o) => o.id === id)) return;
    stack.value = stack.peek().filter((o) => o.id !== id);
    release();
    props.onClosed?.(result);
    // Only when nothing else has taken the focus meanwhile (a message opened by the dialog, say).
    setTimeout(() => { if (document.activeElement === document.body && before?.isConnected) before.focus({ preventScroll: true }); });
  };
  const release = holdBack(() => close());
  stack.value = [...stack.peek(), { id, Component, props, close }];
  return close;
}

export const anyDialogOpen = () => stack.value.length > 0;

// A modal dialog lies above the page wherever it stands in the document, so this has a root of its own.
function Dialogs() {
  return stack.value.map(({ id, Component, props, close }) => h(Component, { key: id, ...props, close }));
}

/** The frame every dialog is drawn in. `plain` leaves out the head (the switcher brings its own field). */
export function Dialog(/** @type {any} */ { title, onClose, children, wide, plain, className = '' }) {
  const ref = useRef(/** @type {HTMLDialogElement|null} */ (null));
  const id = useId();
  useLayoutEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    /** @type {HTMLElement|null|undefined} */ (dialog?.querySelector('[data-autofocus]'))?.focus();
    return () => dialog?.close();
  }, []);
  const cancel = (/** @type {Event} */ event) => { event.preventDefault(); onClose(); };
  // Pressing and letting go must both be outside: a selection dragged out of a field is not a wish to close.
  const pressed = useRef(false);
  return html`<dialog ref=${ref} class=${`dialog ${wide ? 'dialog-wide' : ''} ${className}`} aria-label=${plain ? title : undefined}
      aria-labelledby=${plain ? undefined : id} onCancel=${cancel}
      onPointerDown=${(/** @type {Event} */ e) => { pressed.current = e.target === ref.current; }}
      onClick=${(/** @type {Event} */ e) => { if (e.target === ref.current && pressed.current) onClose(); }}>
    <div class="dialog-box">
      ${!plain && html`<header class="dialog-head">
        <h2 id=${id} class="dialog-title">${title}</h2>
        <button type="button" class="icon-button" aria-label=${t('dialog.close')} onClick=${() => onClose()}>${h(Icon, { name: 'close' })}</button>
      </header>`}
      ${children}
    </div>
  </dialog>`;
}

/** Asks; the answer is true only after the named deed was chosen. */
export function confirmDialog(/** @type {{title: string, text?: any, action: string, danger?: boolean}} */ question) {
  return new Promise((answer) => {
    openDialog(Confirm, { question, onClosed: (/** @type {any} */ yes) => answer(yes === true) });
  });
}

function Confirm(/** @type {any} */ { question: { title, text, action, danger }, close }) {
  const submit = (/** @type {Event} */ e) => { e.preventDefault(); close(true); };
  return h(Dialog, { title, onClose: close },
    html`<form class="dialog-body" onSubmit=${submit}>
      ${text && html`<p class="dialog-text">${text}</p>`}
      <div class="dialog-actions">
        <button type="button" class="button" onClick=${() => close(false)}>${t('dialog.cancel')}</button>
        <button type="submit" data-autofocus class=${danger ? 'button button-danger' : 'button button-primary'}>${action}</button>
      </div>
    </form>`);
}

/** For forms: `busy` while `run` works, `error` (an ApiError) after it failed. */
export function useDeed() {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const alive = useRef(true);
  useEffect(() => () => { alive.current = false; }, []);
  const run = async (/** @type {() => Promise<any>} */ deed) => {
    if (busy) return undefined;
    setBusy(true);
    setError(null);
    try { return await deed(); } catch (caught) {
      if (/** @type {any} */ (caught)?.code === undefined) throw caught;
      if (alive.current) setError(caught);
      return undefined;
    } finally { if (alive.current) setBusy(false); }
  };
  return { busy, error, run, clear: () => setError(null) };
}

await styled('pages');
render(h(Dialogs, {}), document.body.appendChild(document.createElement('div')));
