// @ts-check
// One message: who, when, what; what became of it; what can be done with it.
import { h, html } from '../vendor/preact.js';
import { Attachment } from './attachment.js';
import { Avatar, hueOf } from './avatar.js';
import { askDelete, copyLink, mayDelete, mayEdit, react, replyTo, startEdit } from './deeds.js';
import { Editor } from './editor.js';
import { QUICK } from './emoji.js';
import { fmt, t } from './i18n.js';
import { Icon } from './icons.js';
import { Menu } from './menu.js';
import { Quote } from './quote.js';
import { openReactions, Reactions } from './reactions.js';
import { copyText, Rich } from './rich.js';
import { spoken } from './spoken.js';
import { me } from './state.js';
import { mentionsOf, onlyEmoji } from './text.js';
import { State } from './sendstate.js';

/**
 * @param {{message: any, rowKey: string, first: boolean, active: boolean, shown: boolean, tool: boolean, edit: boolean, height: number, focusComposer: () => void}} props
 * `active`: the one that Tab reaches; `shown`: pointed at by an address; `tool`: its toolbar is drawn;
 * `height`: a guess, for its place while it is off the screen
 */
export function Message({ message, rowKey, first, active, shown, tool, edit, height, focusComposer }) {
  const reach = active ? 0 : -1;
  const mention = !message.deleted && me.value && message.author.username !== me.value.username && mentionsOf(message.text, me.value.username);
  const classes = ['message', first ? 'message-first' : '', mention ? 'message-mention' : '', shown ? 'message-shown' : '', message.pending ? `message-${message.pending}` : ''];
  return html`<article class=${classes.filter(Boolean).join(' ')} data-seq=${message.seq} data-key=${rowKey} style=${{ containIntrinsicBlockSize: `auto ${height}px` }} tabindex=${reach} aria-label=${spoken(message)}>
    ${message.reply_to && !message.deleted && h(Quote, { conversation: message.conversation, seq: message.reply_to, reach })}
    <div class="message-side">${first ? h(Avatar, { user: message.author }) : html`<time class="message-when" datetime=${message.at} title=${fmt.dateTime(message.at)}>${fmt.time(message.at)}</time>`}</div>
    <div class="message-main">
      ${first && html`<div class="message-head"><bdi class=${`message-author hue-${hueOf(message.author.username)}`}>${message.author.name}</bdi>
        <time datetime=${message.at} title=${fmt.dateTime(message.at)}>${fmt.time(message.at)}</time></div>`}
      ${edit ? h(Editor, { message, focusComposer }) : h(Body, { message, reach })}
      ${message.reactions?.length > 0 && h(Reactions, { message, reach })}
      ${message.pending && h(State, { message })}
    </div>
    ${tool && !edit && !message.pending && !message.deleted && h(Tools, { message, reach, focusComposer })}
  </article>`;
}

/** @param {{message: any, reach: number}} props */
function Body({ message, reach }) {
  if (message.deleted) return html`<p class="tombstone">${h(Icon, { name: 'trash' })}${t('message.deleted')}</p>`;
  const edited = message.edited_at && html`<span class="edited" title=${fmt.dateTime(message.edited_at)}>${t('message.edited_mark')}</span>`;
  return html`<div class=${onlyEmoji(message.text) ? 'message-body message-emoji' : 'message-body'}>
    ${message.text && h(Rich, { text: message.text, reach })}${edited}
    ${message.file && h(Attachment, { file: message.file, reach, local: message.local })}
  </div>`;
}

/** @param {{message: any, reach: number, focusComposer: () => void}} props */
function Tools({ message, reach, focusComposer }) {
  const reply = () => { replyTo(message); focusComposer(); };
  const items = [
    { label: t('message.reply'), icon: 'reply', run: reply },
    { label: t('message.react'), icon: 'smile', run: () => openReactions(message) },
    mayEdit(message) && { label: t('message.edit'), icon: 'edit', run: () => startEdit(message) },
    message.text && { label: t('message.copy_text'), icon: 'copy', run: () => copyText(message.text) },
    { label: t('message.copy_link'), icon: 'link', run: () => copyLink(message) },
    mayDelete(message) && { label: t('message.delete'), icon: 'trash', danger: true, run: () => askDelete(message) },
  ].filter(Boolean);
  const button = (/** @type {string} */ name, /** @type {string} */ label, /** @type {() => void} */ run) => html`<button type="button" class="icon-button" tabindex=${reach}
    aria-label=${label} title=${label} onClick=${run}>${h(Icon, { name })}</button>`;
  return html`<div class="tools" role="group" aria-label=${t('message.tools')}>
    ${QUICK.slice(0, 2).map((emoji) => html`<button type="button" key=${emoji} class="icon-button tool-emoji" tabindex=${reach} aria-label=${t('message.react_with', { emoji })} title=${t('message.react_with', { emoji })} onClick=${() => react(message, emoji)}>${emoji}</button>`)}
    ${button('smile', t('message.react'), () => openReactions(message))}
    ${button('reply', t('message.reply'), reply)}
    ${mayEdit(message) && button('edit', t('message.edit'), () => startEdit(message))}
    ${h(Menu, { label: t('message.more'), items: /** @type {any} */ (items), tabindex: reach })}
  </div>`;
}
