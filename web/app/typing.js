// @ts-check
// Rules of typing shared by the composer and the editor.
import { setting, touch } from './state.js';

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
