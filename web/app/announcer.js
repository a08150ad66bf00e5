// @ts-check
// Reads out what comes in while one is here. Older pages, edits and times change the log too and must stay silent, so the
// log itself is not live.
import { html, useEffect, useState } from '../vendor/preact.js';
import { onEvent } from './events.js';
import { t } from './i18n.js';
import { me } from './state.js';
import { firstWords } from './text.js';

/** @param {{id: string}} props */
export function Announcer({ id }) {
  const [said, say] = useState('');
  useEffect(() => onEvent('message', ({ message }) => {
    if (message.conversation !== id || message.author.username === me.value?.username) return;
    say(t('timeline.announce', { name: message.author.name, text: firstWords(message.text || message.file?.name || '', 300) }));
  }), [id]);
  return html`<div class="hidden-text" aria-live="polite" aria-atomic="true">${said}</div>`;
}
