// @ts-check
// How far one's own messages have come on their way to other realms: the mark beside each of them, what became of those
// that failed, and how this is kept up to date.
import { computed, effect, h, html, signal, untracked } from '../vendor/preact.js';
import { copyText, askDelete } from './deeds.js';
import { knownTimeline, timelineOf } from './history.js';
import { t } from './i18n.js';
import { api, onEvent } from './net.js';
import { isShared, realmOf, unsettled, withDeliveries, withWaiting } from './outgoing.js';
import { conversations, currentId, me } from './state.js';
import { Icon, styled, toastError } from './ui.js';

/** A conversation is asked about at most once in this time. */
const PAUSE_MS = 1_000;
const PAGE_MAX = 200;
/** As much as a window holds. */
const PAGES_MAX = 2;
const ICONS = /** @type {Record<string, string>} */ ({ queued: 'clock', delivered: 'check', read: 'checks' });

/** Changes on their way to the home of the message that they change, by conversation. */
const changes = signal(/** @type {Map<string, any[]>} */ (new Map()));

/** Asked about at this moment; true: to be asked about once more. @type {Map<string, boolean>} */
const turns = new Map();

/** @param {string} id */
async function refresh(id) {
  if (turns.has(id)) { turns.set(id, true); return; }
  turns.set(id, false);
  // What could not be fetched is, with the next event or the next connection.
  await Promise.all([readWaiting(id).catch(() => {}), readShown(id).catch(() => {}), new Promise((done) => { setTimeout(done, PAUSE_MS); })]);
  const again = turns.get(id);
  turns.delete(id);
  if (again && currentId.peek() === id) refresh(id);
}

/** @param {string} id */
const pathOf = (id) => `/conversations/${encodeURIComponent(id)}`;

/** @param {string} id */
async function readWaiting(id) {
  const timeline = timelineOf(id);
  const before = timeline.waiting.peek();
  const { messages } = await api.get(`${pathOf(id)}/waiting`);
  timeline.waiting.value = withWaiting(before, timeline.waiting.peek(), messages);
  changes.value = new Map(changes.peek()).set(id, messages.filter((/** @type {any} */ m) => m.change && m.delivery === 'queued'));
}

/** @param {string} id */
async function readShown(id) {
  const timeline = timelineOf(id);
  const direct = timeline.conversation?.kind === 'direct';
  const shown = timeline.win.peek()?.messages ?? [];
  let next = unsettled(shown, direct)?.seq;
  for (let page = 0; next && page < PAGES_MAX; page += 1) {
    const { messages } = await api.get(`${pathOf(id)}/messages?after=${next - 1}&limit=${PAGE_MAX}`);
    const win = timeline.win.peek();
    if (!win) return;
    const marked = withDeliveries(win.messages, messages);
    if (marked !== win.messages) timeline.win.value = { ...win, messages: marked };
    const last = messages.at(-1)?.seq ?? Infinity;
    next = messages.length === PAGE_MAX && last < (shown.at(-1)?.seq ?? 0) ? last + 1 : undefined;
  }
}

/** The conversation on the screen, where there may be something to hear. */
function look() {
  const id = currentId.peek();
  if (!id) return;
  const c = conversations.peek().get(id);
  const timeline = knownTimeline(id);
  if (isShared(c) || timeline?.waiting.peek().length || unsettled(timeline?.win.peek()?.messages ?? [], c?.kind === 'direct')) refresh(id);
}

/** Others are asked about when they are opened. @param {string} id */
const hear = (id) => { if (id === currentId.peek()) refresh(id); };

// Whether it is shared is known once the list is here.
const place = computed(() => `${currentId.value} ${isShared(conversations.value.get(currentId.value ?? ''))}`);
effect(() => { if (place.value) untracked(look); });
onEvent('hello', look);
onEvent('delivery', ({ conversation }) => hear(conversation));
onEvent('delivered', ({ message }) => { if (message.seq === null) hear(message.conversation); });
onEvent('message', ({ message }) => {
  const timeline = knownTimeline(message.conversation);
  const waiting = timeline?.waiting.peek() ?? [];
  if (!timeline || !waiting.length || message.author.username !== me.peek()?.username) return;
  timeline.waiting.value = waiting.filter((m) => m.key !== (message.key ?? message.at));
  hear(message.conversation);
});

/** @param {{message: any}} props */
export function Delivery({ message }) {
  const { conversation, delivery, pending, seq } = message;
  if (delivery === 'failed') return h(Failed, { message });
  if (pending) {
    const realm = realmOf(conversations.value.get(conversation));
    return html`<span class="sending">${h(Icon, { name: 'clock' })}${realm ? t('delivery.waiting_for', { realm }) : t('delivery.waiting')}</span>`;
  }
  const change = changes.value.get(conversation)?.findLast((m) => m.change.seq === seq)?.change.kind;
  const words = t(change ? `delivery.change_${change}` : `delivery.${delivery}`);
  return html`<span class="delivery" role="img" aria-label=${words} title=${words}>${h(Icon, { name: change ? 'clock' : ICONS[delivery] ?? 'clock' })}</span>`;
}

/** Not taken over there. What stands here too can be deleted; what does not, is forgotten. @param {{message: any}} props */
function Failed({ message }) {
  const { id, conversation, change, text, pending, delivery_reason: why = '' } = message;
  const forget = async () => {
    try {
      await api.del(`${pathOf(conversation)}/waiting/${encodeURIComponent(id)}`);
      const timeline = timelineOf(conversation);
      timeline.waiting.value = timeline.waiting.peek().filter((m) => m.id !== id);
    } catch (error) { toastError(error); }
  };
  const button = (/** @type {string} */ label, /** @type {() => void} */ run) => html`<button type="button" class="button button-small" onClick=${run}>${label}</button>`;
  return html`<div class="failed">
    <span class="failed-words" role="alert">${h(Icon, { name: 'alert' })}${t(change ? `delivery.failed_${change.kind}` : 'delivery.failed_why', { why })}</span>
    <span class="failed-deeds">
      ${text && button(t('message.copy'), () => copyText(text))}
      ${pending ? button(t('delivery.forget'), forget) : button(t('message.delete'), () => askDelete(message))}
    </span>
  </div>`;
}

await styled('realms');
