// @ts-check
// The log is one stop of the Tab key; inside it the arrows walk. Also which message shows its toolbar.
import { useState } from '../vendor/preact.js';
import { rowAt } from './scroll.js';

/** @param {{current: HTMLElement|null}} list @param {() => void} focusComposer */
export function useLogKeys(list, focusComposer) {
  const [active, setActive] = useState(/** @type {string|null} */ (null));
  const [hovered, setHovered] = useState(/** @type {string|null} */ (null));
  const [held, setHeld] = useState(/** @type {string|null} */ (null));
  const article = (/** @type {EventTarget|null} */ target) => /** @type {HTMLElement|null} */ (/** @type {Element} */ (target)?.closest?.('article[data-key]'));
  const focus = (/** @type {HTMLElement|null|undefined} */ row) => { if (!row) return; row.focus({ preventScroll: true }); row.scrollIntoView({ block: 'nearest' }); };
  const all = () => [...(list.current?.querySelectorAll(':scope > article') ?? [])].map((e) => /** @type {HTMLElement} */ (e));

  const onKeyDown = (/** @type {KeyboardEvent} */ e) => {
    const target = /** @type {HTMLElement} */ (e.target);
    if (e.ctrlKey || e.altKey || e.metaKey || /^(TEXTAREA|INPUT)$/.test(target.tagName) || target.closest('[role=menu]')) return;
    const row = article(target);
    if (e.key === 'Escape' && row) {
      e.preventDefault();
      // Out of the message's buttons first, then out of the log.
      if (target === row) focusComposer(); else row.focus();
      return;
    }
    if (target !== row && target.getAttribute('role') !== 'log') return;
    const rows = all();
    const at = row ? rows.indexOf(row) : rows.length;
    const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: rows.length - 1 }[e.key];
    if (to === undefined) return;
    e.preventDefault();
    if (to >= rows.length) focusComposer(); else focus(rows[Math.max(0, to)]);
  };

  return {
    active,
    tool: held ?? hovered,
    /** @param {string} key @param {boolean} [now] */
    activate(key, now) {
      setActive(key);
      if (now && list.current) rowAt(list.current, key)?.focus({ preventScroll: true });
    },
    handlers: {
      onKeyDown,
      onFocusIn: (/** @type {FocusEvent} */ e) => {
        const key = article(e.target)?.dataset.key;
        if (!key) return;
        setActive(key);
        setHeld(key);
      },
      onFocusOut: (/** @type {FocusEvent} */ e) => { if (!article(e.relatedTarget)) setHeld(null); },
      onPointerOver: (/** @type {PointerEvent} */ e) => { if (e.pointerType === 'mouse') setHovered(article(e.target)?.dataset.key ?? null); },
      onPointerLeave: () => setHovered(null),
    },
  };
}
