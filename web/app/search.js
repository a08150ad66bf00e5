// @ts-check
// Search: words and operators; a result opens in its conversation, Esc goes back to where one was.
import { h, html, signal, useEffect, useRef, useState } from '../vendor/preact.js';
import { errorText } from './errors.js';
import { t } from './i18n.js';
import { api } from './net.js';
import { PageHead } from './page.js';
import { Results, ResultSkeleton } from './results.js';
import { navigate } from './router.js';
import { Icon } from './ui.js';

const PAUSE_MS = 250;
const OPERATORS = ['from:', 'in:', 'has:file', 'after:', 'before:'];
/** Kept while another page is open, so that Back from a result finds the list as it was. */
const found = signal(/** @type {{q: string, results: any[], next: string|null}|null} */ (null));

/** Back to the place before the search; the list when there was none. */
export function leaveSearch() {
  if (/** @type {any} */ (window).navigation?.canGoBack) history.back(); else navigate('/app', { replace: true });
}

export function SearchPage(/** @type {{q?: string}} */ { q = '' }) {
  const [text, setText] = useState(q);
  const [failed, setFailed] = useState(/** @type {any} */ (null));
  const [busy, setBusy] = useState(false);
  const field = useRef(/** @type {HTMLInputElement|null} */ (null));
  const box = useRef(/** @type {HTMLElement|null} */ (null));
  const asked = useRef(0);

  const ask = async (/** @type {string} */ query, /** @type {string|null} */ before = null) => {
    const turn = asked.current += 1;
    setBusy(true);
    try {
      const answer = await api.get(`/search?limit=20&q=${encodeURIComponent(query)}${before ? `&before=${encodeURIComponent(before)}` : ''}`);
      // A slow answer to an older question is not shown over a newer one.
      if (turn !== asked.current) return;
      found.value = { q: query, next: answer.next, results: [...(before ? found.peek()?.results ?? [] : []), ...answer.results] };
      setFailed(null);
    } catch (error) { if (turn === asked.current) { setFailed(error); found.value = null; } }
    if (turn === asked.current) setBusy(false);
  };

  useEffect(() => { setText(q); }, [q]);
  useEffect(() => { if (q !== text || !found.peek()) field.current?.focus(); }, []);
  useEffect(() => {
    const query = text.trim();
    if (query === found.peek()?.q) return undefined;
    if (!query || /(^|\s)(from|in|has|before|after):$/.test(query)) { asked.current += 1; setBusy(false); setFailed(null); found.value = null; return undefined; }
    const timer = setTimeout(() => {
      navigate(`/app/search?q=${encodeURIComponent(query)}`, { replace: true });
      ask(query);
    }, q.trim() === query ? 0 : PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);

  const insert = (/** @type {string} */ operator) => {
    setText(`${text.trim()}${text.trim() && ' '}${operator}${operator.endsWith(':') ? '' : ' '}`);
    field.current?.focus();
  };
  const key = (/** @type {KeyboardEvent} */ event) => {
    if (event.key === 'Escape' && !event.defaultPrevented) { event.preventDefault(); event.stopPropagation(); leaveSearch(); }
    if (event.target === field.current && (event.key === 'ArrowDown' || event.key === 'Enter') && !event.isComposing) {
      event.preventDefault();
      /** @type {HTMLElement|null|undefined} */ (box.current?.querySelector('a.result'))?.focus();
    }
  };
  const shown = found.value;
  return html`<div class="page" ref=${box} onKeyDown=${key}>
    ${h(PageHead, { title: t('search.title') })}
    <div class="page-body">
      <search class="search-box">
        <label class="search-field search-large">${h(Icon, { name: 'search' })}<input ref=${field} type="search" class="field-input" autocomplete="off" spellcheck=${false} enterkeyhint="search"
          aria-label=${t('search.field')} placeholder=${t('search.hint')} value=${text} onInput=${(/** @type {any} */ e) => setText(e.currentTarget.value)} /></label>
        <div class="search-operators" role="group" aria-label=${t('search.narrow')}>
          ${OPERATORS.map((o) => html`<button type="button" class="filter-pill" key=${o} title=${t(`search.op_${o.split(':')[0]}`)} onClick=${() => insert(o)}>${o}</button>`)}
        </div>
      </search>
      <p class="hidden-text" role="status">${shown && !busy ? t('search.count', { count: shown.results.length }) : ''}</p>
      ${failed && html`<p class="form-error" role="alert">${h(Icon, { name: 'alert' })}<span>${errorText(failed)}</span></p>`}
      ${busy && !shown && h(ResultSkeleton, {})}
      ${shown && shown.results.length > 0 && h(Results, { ...shown, busy, more: () => ask(shown.q, shown.next) })}
      ${shown && !shown.results.length && html`<div class="empty">${h(Icon, { name: 'search' })}<h2>${t('search.none')}</h2><p>${t('search.none_text')}</p></div>`}
      ${!shown && !failed && !busy && html`<div class="empty">${h(Icon, { name: 'search' })}<h2>${t('search.begin')}</h2><p>${t('search.begin_text')}</p></div>`}
    </div>
  </div>`;
}
