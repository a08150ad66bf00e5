// @ts-check
// What has become of a message that is on its way: sending, its file's progress, not sent and what to do about it.
import { h, html } from '../vendor/preact.js';
import { fmt, t } from './i18n.js';
import { Icon } from './icons.js';
import { copyText } from './rich.js';
import { queue } from './session.js';
import { cancelUpload, releaseContents } from './uploads.js';

/** @param {{message: any}} props */
export function State({ message }) {
  const { pending, file, sent, key } = message;
  if (pending === 'failed') return h(Failed, { message });
  if (file && !message.upload) {
    const done = Math.min(sent ?? 0, file.size);
    const percent = file.size ? Math.floor((done / file.size) * 100) : 100;
    const words = t('message.progress', { sent: fmt.bytes(done), size: fmt.bytes(file.size), percent });
    return html`<div class="progress">
      <progress class="progress-bar" max="100" value=${percent} aria-label=${t('message.uploading', { name: file.name })} aria-valuetext=${words}></progress>
      <span class="progress-words" aria-hidden="true">${words}</span>
      <button type="button" class="button button-small" onClick=${() => { queue.drop(key); cancelUpload(key); releaseContents(key); }}>${t('message.cancel')}</button>
    </div>`;
  }
  return html`<span class="sending">${h(Icon, { name: 'clock' })}${pending === 'sending' ? t('message.state_sending') : t('message.state_waiting')}</span>`;
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
      ${button(t('message.discard'), () => { queue.drop(key); releaseContents(key); })}
    </span>
  </div>`;
}
