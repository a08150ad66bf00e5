// @ts-check
// Parts of the page that are fetched when they are first drawn.
import { h, html, useEffect, useState } from '../vendor/preact.js';
import { t } from './i18n.js';

/**
 * @param {() => Promise<any>} load an `import()` @param {string} name the export
 * @param {() => any} [waiting] drawn until then
 */
export function lazy(load, name, waiting) {
  /** @type {any} */
  let Loaded = null;
  return function Lazy(/** @type {any} */ props) {
    const [, again] = useState(0);
    const [failed, setFailed] = useState(false);
    useEffect(() => {
      if (Loaded) return;
      load().then((m) => { Loaded = m[name]; again(1); }, () => setFailed(true));
    }, []);
    if (Loaded) return h(Loaded, props);
    if (failed) return html`<p class="empty" role="alert">${t('layout.part_failed')}</p>`;
    return waiting ? h(waiting, {}) : null;
  };
}
