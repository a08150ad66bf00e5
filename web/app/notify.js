// @ts-check
// The page makes itself known from outside: title, icon, badge of the app, notifications.
import { effect, signal } from '../vendor/preact.js';
import { t } from './i18n.js';
import { onEvent } from './net.js';
import { navigate, pathTo, route } from './router.js';
import { conversations, current, focused, me, realm, setting } from './state.js';
import { firstWords, mentionsOf } from './text.js';
import { titleOf, toast } from './ui.js';

const BODY_LENGTH = 160;
const SETTLED_MS = 300;
const icon = (/** @type {string} */ name) => new URL(`../icons/${name}`, import.meta.url).href;
const PAGES = /** @type {Record<string, string>} */ ({ people: 'people.people', groups: 'people.groups', rooms: 'people.rooms',
  contacts: 'people.contacts', search: 'search.title', mentions: 'mentions.title', settings: 'settings.title', admin: 'admin.title', signin: 'auth.signin',
  register: 'auth.register', setup: 'auth.setup', invitation: 'auth.invitation', nowhere: 'layout.nowhere' });

/** `default`, `granted`, `denied`, or `missing` where the browser has none (or the origin is not secure). */
export const permission = signal(typeof Notification === 'undefined' || !isSecureContext ? 'missing' : Notification.permission);

/** Called from a click only. */
export async function askPermission() {
  if (permission.value === 'missing') return 'missing';
  permission.value = await Notification.requestPermission();
  return permission.value;
}

export function installNotifications() {
  let [shown, titled] = [-1, ''];
  let latest = { count: 0, title: '' };
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let later;
  const tell = () => {
    clearTimeout(later);
    later = undefined;
    const { count, title } = latest;
    if (title !== titled) document.title = title;
    titled = title;
    if (count === shown) return;
    shown = count;
    document.querySelector('link[rel="icon"]')?.setAttribute('href', icon(count ? 'kabar-dot.svg' : 'kabar.svg'));
    const badge = /** @type {any} */ (navigator);
    (count ? badge.setAppBadge?.(count) : badge.clearAppBadge?.())?.catch?.(() => {});
  };
  effect(() => {
    const count = me.value ? waiting(conversations.value.values()) : 0;
    const { page } = route.value;
    const c = page === 'conversation' ? current.value : null;
    const name = c ? (c.kind === 'group' || c.kind === 'room' ? `#${titleOf(c)}` : titleOf(c)) : PAGES[page] && t(PAGES[page]);
    latest = { count, title: titleText({ count, place: name || null, realm: realm.value?.realm ?? t('app.name') }) };
    // What is read as it comes counts for a moment only: nothing is to flicker outside.
    if (count > Math.max(shown, 0)) later ??= setTimeout(tell, SETTLED_MS);
    else tell();
  });
  onEvent('message', (frame) => { ring(frame.message); });
  navigator.serviceWorker?.addEventListener('message', (event) => { if (event.data?.open) navigate(event.data.open); });
  watchWorker();
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

/** Who keeps the app for use without a connection is offered a new version, never forced to it. */
async function watchWorker() {
  try {
    const registration = await navigator.serviceWorker?.getRegistration('/app');
    if (!registration) return;
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

/** Everything said to the person alone, and every mention elsewhere. @param {Iterable<any>} conversations */
export function waiting(conversations) {
  let count = 0;
  for (const c of conversations) count += c.kind === 'direct' ? c.unread : c.mentions;
  return count;
}

/** @param {{count: number, place: string|null, realm: string}} what */
export function titleText({ count, place, realm }) {
  return `${count ? `(${count}) ` : ''}${place ? `${place} – ` : ''}${realm}`;
}

/**
 * @param {{message: any, conversation: any, username: string, named: boolean, watching: boolean}} what `watching`: this
 *   conversation is open in a window that has the keyboard
 */
export function rings({ message, conversation, username, named, watching }) {
  if (watching || message.deleted || message.author.username === username) return false;
  return conversation.kind === 'direct' || named;
}
