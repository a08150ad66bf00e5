// @ts-check
// Files dragged over the window. Anywhere else a drop would make the browser leave the page.
import { h, html, useEffect, useState } from '../vendor/preact.js';
import { addFiles } from './attachments.js';
import { focusComposer } from './composer.js';
import { t } from './i18n.js';
import { Icon } from './icons.js';

/** @param {{id: string}} props */
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
