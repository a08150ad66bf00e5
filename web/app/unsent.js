// @ts-check
// What has not reached the server: a file's progress, a message that was refused, and what to do about one or all of them.
import { h, html } from '../vendor/preact.js';
import { copyText } from './deeds.js';
import { confirmDialog } from './dialog.js';
import { releaseContents } from './files.js';
import { fmt, t } from './i18n.js';
import { queue } from './state.js';
import { Icon, toast } from './ui.js';

/** @param {{message: any}} props */
export function Unsent({ message }) {
  const { pending, file, sent, key } = message;
  if (pending === 'failed') return h(Failed, { message });
  const done = Math.min(sent ?? 0, file.size);
  const percent = file.size ? Math.floor((done / file.size) * 100) : 100;
  const words = t('message.progress', { sent: fmt.bytes(done), size: fmt.bytes(file.size), percent });
  return html`<div class="progress">
    <progress class="progress-bar" max="100" value=${percent} aria-label=${t('message.uploading', { name: file.name })} aria-valuetext=${words}></progress>
    <span class="progress-words" aria-hidden="true">${words}</span>
    <button type="button" class="button button-small" onClick=${() => { discard(key); }}>${t('message.cancel')}</button>
  </div>`;
}

/** @param {{message: any}} props */
function Failed({ message }) {
  const { error, key, text, file } = message;
  const lost = error?.code === 'file_lost';
  const button = (/** @type {string} */ label, /** @type {() => void} */ run) => html`<button type="button" class="button button-small" onClick=${run}>${label}</button>`;
  return html`<div class="failed">
    <span class="failed-words" role="alert">${h(Icon, { name: 'alert' })}${lost ? t('message.file_lost', { name: file?.name ?? '' }) : t('message.not_sent', { why: error?.message || error?.code || '' })}</span>
    <span class="failed-deeds">
      ${!lost && button(t('message.retry'), () => queue.retry(key))}
      ${text && button(t('message.copy'), () => copyText(text))}
      ${button(t('message.discard'), () => { discard(key); })}
    </span>
  </div>`;
}

/** @param {string} key */
function discard(key) {
  queue.drop(key);
  releaseContents(key);
}

const SHOWN_LENGTH = 200;
/** Their conversation is no longer one's own, so there is no page that shows them. @param {import('./net.js').Outgoing[]} items */
export function tellGone(items) {
  if (!items.length) return;
  for (const { key } of items) discard(key);
  const words = items.map((i) => i.text || i.file?.name || '').join('\n\n');
  const text = words.length > SHOWN_LENGTH ? `${words.slice(0, SHOWN_LENGTH)}…` : words;
  toast(t('unsent.gone', { count: items.length, text }), { error: true, action: t('message.copy'), onAction: () => copyText(words) });
}

/** So many answers without success: this may take long. */
const STUCK_TRIES = 3;

/** Of several that were not sent, or of some that the server does not take, all at once. @param {{id: string}} props */
export function UnsentBar({ id }) {
  const own = queue.items.value.filter((i) => i.conversation === id);
  const failed = own.filter((i) => i.state === 'failed');
  const stuck = own.some((i) => i.state !== 'failed' && (i.tries ?? 0) >= STUCK_TRIES) ? own.filter((i) => i.state !== 'failed') : [];
  if (failed.length < 2 && !stuck.length) return null;
  const shown = [...failed, ...stuck];
  const again = failed.filter((i) => i.error?.code !== 'file_lost').map((i) => i.key);
  const all = async () => {
    const sure = await confirmDialog({ title: t('unsent.delete_title', { count: shown.length }), text: t('unsent.delete_text'), action: t('unsent.delete'), danger: true });
    // One that has arrived meanwhile is no longer here to be deleted.
    if (sure) for (const item of shown) discard(item.key);
  };
  return html`<div class="unsent-bar" role="group" aria-label=${t('unsent.label')}>
    <span>${h(Icon, { name: 'alert' })}${t(stuck.length ? 'unsent.stuck' : 'unsent.count', { count: shown.length })}</span>
    ${again.length > 0 && html`<button type="button" class="button button-small" onClick=${() => queue.retry(...again)}>${t('unsent.retry')}</button>`}
    <button type="button" class="button button-small" onClick=${all}>${t('unsent.delete')}</button>
  </div>`;
}
