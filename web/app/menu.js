// @ts-check
// What a menu button opens (WAI-ARIA menu): arrows, Home, End, Esc.
import { h, html, useEffect, useLayoutEffect, useRef } from '../vendor/preact.js';
import { Icon } from './ui.js';

/** @param {any} props */
export function Popup({ label, items, anchor, close }) {
  const box = useRef(/** @type {HTMLElement|null} */ (null));
  const at = (/** @type {number} */ i) => { const all = box.current?.querySelectorAll('button') ?? []; /** @type {any} */ (all[(i + all.length) % all.length])?.focus(); };
  const now = () => [...(box.current?.querySelectorAll('button') ?? [])].indexOf(/** @type {any} */ (document.activeElement));
  // In the top layer: a row of the log clips what is inside it.
  useLayoutEffect(() => { box.current?.showPopover?.(); place(box.current, anchor); at(0); }, []);
  useEffect(() => {
    const away = (/** @type {Event} */ e) => { if (!box.current?.contains(/** @type {Node} */ (e.target)) && !anchor.contains(e.target)) close(false); };
    addEventListener('pointerdown', away, true);
    return () => removeEventListener('pointerdown', away, true);
  }, []);
  const key = (/** @type {KeyboardEvent} */ e) => {
    const moves = /** @type {Record<string, () => void>} */ ({ ArrowDown: () => at(now() + 1), ArrowUp: () => at(now() - 1), Home: () => at(0), End: () => at(-1), Escape: () => close(), Tab: () => close(false) });
    if (!moves[e.key]) return;
    if (e.key !== 'Tab') e.preventDefault();
    e.stopPropagation();
    moves[e.key]();
  };
  return html`<div ref=${box} class="menu" popover="manual" role="menu" aria-label=${label} onKeyDown=${key}>
    ${items.map((/** @type {any} */ item) => html`<button type="button" role="menuitem" tabindex="-1" class=${item.danger ? 'menu-item menu-danger' : 'menu-item'}
      onClick=${() => { close(); item.run(); }}>${item.icon && h(Icon, { name: item.icon })}<span>${item.label}</span></button>`)}
  </div>`;
}

/** Beside its anchor, inside the window. @param {HTMLElement|null} box @param {HTMLElement} anchor */
function place(box, anchor) {
  if (!box) return;
  const a = anchor.getBoundingClientRect();
  const b = box.getBoundingClientRect();
  const below = a.bottom + 4 + b.height < innerHeight;
  box.style.top = `${Math.max(8, below ? a.bottom + 4 : a.top - b.height - 4)}px`;
  box.style.left = `${Math.max(8, Math.min(a.right - b.width, innerWidth - b.width - 8))}px`;
}
