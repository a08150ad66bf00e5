// @ts-check
// The pills below a message and the small table to choose from.
import { h, html } from '../vendor/preact.js';
import { react } from './deeds.js';
import { Dialog, openDialog } from './dialog.js';
import { EMOJI, QUICK } from './emoji.js';
import { fmt, t } from './i18n.js';
import { Icon } from './icons.js';
import { me, people } from './state.js';

/** @param {{message: any, reach: number}} props */
export function Reactions({ message, reach }) {
  const own = me.value?.username;
  const nameOf = (/** @type {string} */ u) => (u === own ? t('message.you') : people.value.get(u)?.name ?? u);
  return html`<div class="reactions">
    ${message.reactions.map((/** @type {any} */ r) => {
      const mine = r.users.includes(own);
      const who = t('message.reacted', { names: fmt.list(r.users.map(nameOf)), emoji: r.emoji, number: r.users.length });
      return html`<button type="button" key=${r.emoji} class="reaction" tabindex=${reach} aria-pressed=${mine ? 'true' : 'false'} aria-label=${who} title=${who}
        onClick=${() => react(message, r.emoji)}><span>${r.emoji}</span><span class="reaction-count">${fmt.number(r.users.length)}</span></button>`;
    })}
    <button type="button" class="reaction reaction-add" tabindex=${reach} aria-label=${t('message.react')} title=${t('message.react')} onClick=${() => openReactions(message)}>${h(Icon, { name: 'smile' })}</button>
  </div>`;
}

/** @param {any} message */
export function openReactions(message) { openDialog(Chooser, { message }); }

/** @param {any} props */
function Chooser({ message, close }) {
  const all = [...new Set([...QUICK, ...EMOJI.map((e) => e.emoji)])];
  const names = new Map(EMOJI.map((e) => [e.emoji, e.names[0].replaceAll('_', ' ')]));
  return h(Dialog, { title: t('message.react'), onClose: close },
    html`<div class="chooser">${all.map((emoji, i) => html`<button type="button" key=${emoji} class="choice" data-autofocus=${i === 0} aria-label=${names.get(emoji) ?? emoji} title=${names.get(emoji) ?? ''}
      onClick=${() => { close(); react(message, emoji); }}>${emoji}</button>`)}</div>`);
}
