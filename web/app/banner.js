// @ts-check
// Says when the server is not there, how long until the next try, and offers to try now.
import { html, useEffect, useState } from '../vendor/preact.js';
import { retryNow } from './events.js';
import { t } from './i18n.js';
import { connection } from './state.js';

export function Banner() {
  const { state, attempt, retryAt } = connection.value;
  const away = state === 'waiting' || state === 'offline' || (state === 'connecting' && attempt > 0);
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (!away) return undefined;
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, [away]);
  const seconds = Math.max(1, Math.ceil((retryAt - now) / 1000));
  const what = state === 'offline' ? t('banner.offline') : t('banner.lost');
  // The countdown is for the eye: read out every second it would be a nuisance.
  return html`<div class="banner-place">
    <div class=${away ? 'banner' : 'hidden-text'} role="status">${away && what}</div>
    ${away && html`<div class="banner-more">
      <span aria-hidden="true">${state === 'connecting' ? t('banner.trying') : t('banner.again_in', { count: seconds })}</span>
      <button type="button" class="button button-small" onClick=${retryNow}>${t('banner.now')}</button>
    </div>`}
  </div>`;
}
