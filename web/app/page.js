// @ts-check
// The head of a page that is not a conversation. On a narrow screen it leads back to the list.
import { h, html, useLayoutEffect, useRef } from '../vendor/preact.js';
import { t } from './i18n.js';
import { narrow } from './state.js';
import { Icon, styled } from './ui.js';

export function PageHead(/** @type {any} */ { title, back = '/app', children }) {
  const head = useRef(/** @type {HTMLElement|null} */ (null));
  // Who came by keyboard or a screen reader begins at the new page, not at the link that is perhaps gone.
  useLayoutEffect(() => { head.current?.focus({ preventScroll: true }); }, []);
  return html`<header class="page-head">
    ${narrow.value && html`<a class="icon-button" href=${back} aria-label=${t('page.back')}>${h(Icon, { name: 'back' })}</a>`}
    <h1 class="page-title" tabindex="-1" ref=${head}>${title}</h1>
    ${children}
  </header>`;
}

await styled('pages');
