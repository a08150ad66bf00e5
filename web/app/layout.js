// @ts-check
// The frame: the list, the page, the panel, what lies on top; which page belongs to which path.
import { h, html, useEffect } from '../vendor/preact.js';
import { api } from './api.js';
import { Banner } from './banner.js';
import { ConversationPage } from './conversation.js';
import { Dialogs } from './dialog.js';
import { t } from './i18n.js';
import { lazy } from './lazy.js';
import { navigate, pathTo, route } from './router.js';
import { conversations, current, loaded, me, narrow, order, panel, putConversation, setCurrent } from './state.js';
import { Sidebar } from './sidebar.js';
import { Toasts, toast } from './toast.js';

const AuthPage = lazy(() => import('./auth.js'), 'AuthPage');
const Panel = lazy(() => import('./panel.js'), 'Panel');
const Welcome = lazy(() => import('./welcome.js'), 'Welcome');
const PAGES = /** @type {Record<string, any>} */ ({
  people: lazy(() => import('./people.js'), 'PeoplePage'),
  search: lazy(() => import('./search.js'), 'SearchPage'),
  mentions: lazy(() => import('./mentions.js'), 'MentionsPage'),
  settings: lazy(() => import('./settings.js'), 'SettingsPage'),
});
const LAST = 'kabar.last';

export function Layout() {
  const { page } = route.value;
  usePlace();
  if (me.value === undefined) return html`<div class="splash"><p class="hidden-text" role="status">${t('layout.loading')}</p></div>`;
  const outside = me.value === null || ['signin', 'register', 'setup', 'invitation'].includes(page);
  return [
    outside ? h(AuthPage, { key: 'auth', page: ['register', 'setup', 'invitation'].includes(page) ? page : 'signin' }) : h(Signed, { key: 'app' }),
    h(Dialogs, { key: 'dialogs' }), h(Toasts, { key: 'toasts' }),
  ];
}

function Signed() {
  const { page } = route.value;
  const list = page === 'home';
  const side = panel.value && current.value && page === 'conversation';
  return html`<div class=${`frame ${list ? 'at-list' : 'at-page'} ${side ? 'with-panel' : ''}`}>
    <a class="skip" href="#main" onClick=${(/** @type {Event} */ e) => { e.preventDefault(); document.getElementById('main')?.focus(); }}>${t('layout.skip')}</a>
    ${h(Banner, {})}
    ${h(Sidebar, {})}
    <main id="main" class="main" tabindex="-1" aria-label=${current.value?.name ?? t('layout.main')}>${h(Page, {})}</main>
    ${side && h(Panel, { conversation: current.value, key: current.value.id })}
  </div>`;
}

/** @returns {any} */
function Page() {
  const { page, id, seq, q, section } = route.value;
  if (page === 'conversation') return h(ConversationPage, { id: String(id), seq });
  if (page === 'home') return loaded.value && !order.value.length ? h(Welcome, {}) : html`<div class="splash"></div>`;
  if (page === 'people' || page === 'groups' || page === 'contacts') return h(PAGES.people, { tab: page });
  const Wanted = /** @type {any} */ (PAGES[page]);
  if (Wanted) return h(Wanted, { q, section });
  return html`<div class="empty"><h2>${t('layout.nowhere')}</h2><a class="button" href="/app">${t('layout.home')}</a></div>`;
}

/** Keeps "which conversation" in step with the path, and finds the one to begin with. */
function usePlace() {
  const { page, id } = route.value;
  const ready = loaded.value;
  const wide = !narrow.value;
  useEffect(() => {
    setCurrent(page === 'conversation' && id ? id : null);
    if (page === 'conversation' && id) localStorage.setItem(LAST, id);
  }, [page, id]);
  useEffect(() => {
    if (!ready || page !== 'home' || !wide || !order.value.length) return;
    const last = localStorage.getItem(LAST);
    navigate(pathTo(last && conversations.value.has(last) ? last : String(order.value[0])), { replace: true });
  }, [page, ready, wide]);
  useEffect(() => {
    if (!ready || !id || conversations.value.has(id)) return;
    api.get(`/conversations/${encodeURIComponent(id)}`).then(putConversation, () => {
      toast(t('layout.conversation_gone'), { error: true });
      localStorage.removeItem(LAST);
      navigate('/app', { replace: true });
    });
  }, [ready, id]);
}
