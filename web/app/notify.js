// The page makes itself known from outside: title, icon, badge of the app, notifications; and it keeps the worker.
import { effect, signal } from '../vendor/preact.js';
import { rings, titleText, waiting } from './attention.js';
import { onEvent } from './events.js';
import { t } from './i18n.js';
import { titleOf } from './naming.js';
import { navigate, pathTo, route } from './router.js';
import { conversations, current, focused, me, realm, setting } from './state.js';
import { firstWords, mentionsOf } from './text.js';
import { toast } from './toast.js';

const BODY_LENGTH = 160;
const icon = (/** @type {string} */ name) => new URL(`../icons/${name}`, import.meta.url).href;
const PAGES = /** @type {Record<string, string>} */ ({ people: 'people.people', groups: 'people.groups', contacts: 'people.contacts',
  search: 'search.title', mentions: 'mentions.title', settings: 'settings.title', signin: 'auth.signin', register: 'auth.register' });

/** `default`, `granted`, `denied`, or `missing` where the browser has none (or the origin is not secure). */
export const permission = signal(typeof Notification === 'undefined' || !isSecureContext ? 'missing' : Notification.permission);

/** Called from a click only. */
export async function askPermission() {
  if (permission.value === 'missing') return 'missing';
  permission.value = await Notification.requestPermission();
  return permission.value;
}

export function installNotifications() {
  effect(() => {
    const count = me.value ? waiting(conversations.value.values()) : 0;
    const { page } = route.value;
    const c = page === 'conversation' ? current.value : null;
    const name = c ? (c.kind === 'group' || c.kind === 'room' ? `#${titleOf(c)}` : titleOf(c)) : PAGES[page] && t(PAGES[page]);
    document.title = titleText({ count, place: name || null, realm: realm.value?.realm ?? t('app.name') });
    document.querySelector('link[rel="icon"]')?.setAttribute('href', icon(count ? 'kabar-dot.svg' : 'kabar.svg'));
    const badge = /** @type {any} */ (navigator);
    (count ? badge.setAppBadge?.(count) : badge.clearAppBadge?.())?.catch?.(() => {});
  });
  onEvent('message', (frame) => { ring(frame.message); });
  navigator.serviceWorker?.addEventListener('message', (event) => { if (event.data?.open) navigate(event.data.open); });
  keepWorker();
}

async function ring(/** @type {any} */ message) {
  const conversation = conversations.peek().get(message.conversation);
  const username = me.peek()?.username;
  const watching = focused.peek() && current.peek()?.id === message.conversation;
  if (!conversation || !rings({ message, conversation, username, named: mentionsOf(message.text, username), watching })) return;
  if (permission.peek() !== 'granted' || !setting('notifications')) return;
  const where = conversation.kind === 'direct' ? '' : ` · ${titleOf(conversation)}`;
  const path = pathTo(message.conversation, message.seq);
  // One per conversation: the tag lets a newer one, or another tab, replace it.
  const options = { body: firstWords(message.text || message.file?.name || '', BODY_LENGTH), tag: message.conversation, icon: icon('icon-192.png'), data: { path } };
  const title = `${message.author.name}${where}`;
  const worker = await navigator.serviceWorker?.getRegistration('/app').catch(() => undefined);
  if (worker?.active) { await worker.showNotification(title, options).catch(() => {}); return; }
  const shown = new Notification(title, options);
  shown.onclick = () => { window.focus(); navigate(path); shown.close(); };
}

/** The one script address this page ever makes; the CSP allows no other policy than this. */
function workerAddress() {
  const types = /** @type {any} */ (window).trustedTypes;
  return types ? types.createPolicy('kabar-worker', { createScriptURL: () => '/sw.js' }).createScriptURL('') : '/sw.js';
}

/** The worker lets the shell start without a network. A new version is offered, never forced. */
async function keepWorker() {
  if (!navigator.serviceWorker) return;
  try {
    const registration = await navigator.serviceWorker.register(/** @type {any} */ (workerAddress()), { scope: '/app' });
    const offer = (/** @type {ServiceWorker|null} */ worker) => {
      if (!worker || !navigator.serviceWorker.controller) return;
      toast(t('notify.new_version'), { error: true, action: t('notify.reload'), onAction: () => {
        navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
        worker.postMessage('activate');
      } });
    };
    offer(registration.waiting);
    registration.addEventListener('updatefound', () => {
      const worker = registration.installing;
      worker?.addEventListener('statechange', () => { if (worker.state === 'installed') offer(worker); });
    });
  } catch { /* no worker here (private window, plain http): everything else works the same */ }
}
