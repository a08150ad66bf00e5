// @ts-check
// Where one was named: a search for "@username", without texts that only look alike.
import { h, html, useEffect, useState } from '../vendor/preact.js';
import { errorText } from './errors.js';
import { t } from './i18n.js';
import { api, onEvent } from './net.js';
import { PageHead } from './page.js';
import { Results, ResultSkeleton } from './results.js';
import { me } from './state.js';
import { mentionsOf } from './text.js';
import { Icon } from './ui.js';

export function MentionsPage() {
  const [found, setFound] = useState(/** @type {{results: any[], next: any}|null} */ (null));
  const [failed, setFailed] = useState(/** @type {any} */ (null));
  const { username } = me.value;
  const load = async (/** @type {any[]} */ before, /** @type {string|null} */ cursor) => {
    try {
      const answer = await api.get(`/search?limit=50&q=${encodeURIComponent(`@${username}`)}${cursor ? `&before=${encodeURIComponent(cursor)}` : ''}`);
      const own = answer.results.filter((/** @type {any} */ r) => r.message.author.username !== username && mentionsOf(r.message.text, username));
      setFound({ results: [...before, ...own], next: answer.next });
      setFailed(null);
    } catch (error) { setFailed(error); }
  };
  useEffect(() => { load([], null); }, []);
  useEffect(() => onEvent('message', ({ message }) => { if (mentionsOf(message.text, username)) load([], null); }), []);
  return html`<div class="page">
    ${h(PageHead, { title: t('mentions.title') })}
    <div class="page-body">
      ${failed && html`<p class="form-error" role="alert">${errorText(failed)}</p>`}
      ${!found && !failed && h(ResultSkeleton, {})}
      ${found && found.results.length > 0 && h(Results, { ...found, busy: false, more: () => load(found.results, found.next) })}
      ${found && !found.results.length && html`<div class="empty">${h(Icon, { name: 'at' })}<h2>${t('mentions.none')}</h2><p>${t('mentions.none_text')}</p></div>`}
    </div>
  </div>`;
}
