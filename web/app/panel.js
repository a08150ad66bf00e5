// The right panel: what a conversation is, who is in it, and for its admins how it is run.
import { h, html, useEffect, useRef } from '../vendor/preact.js';
import { Avatar } from './avatar.js';
import { holdBack } from './back.js';
import { confirmDialog } from './dialog.js';
import { api } from './api.js';
import { GroupSettings } from './groupsettings.js';
import { Hooks } from './hooks.js';
import { t } from './i18n.js';
import { Icon } from './icons.js';
import { Invitations } from './invitations.js';
import { Members } from './members.js';
import { avatarOf, titleOf } from './naming.js';
import { navigate } from './router.js';
import { dropConversation, isActive, me, narrow, openPanel } from './state.js';
import { toastError } from './toast.js';
import { Copyable } from './forms.js';

export function Panel(/** @type {any} */ { conversation: c }) {
  const ref = useRef(/** @type {HTMLElement|null} */ (null));
  const close = () => openPanel(null);
  // On a narrow screen the panel covers the conversation: Back and Esc take it away and the focus moves into it.
  useEffect(() => {
    if (!narrow.value) return undefined;
    /** @type {HTMLElement|null|undefined} */ (ref.current?.querySelector('.panel-head button'))?.focus();
    return holdBack(close);
  }, [narrow.value]);
  if (!c) return null;
  const admin = c.kind === 'group' && c.role === 'admin';
  const title = t(c.kind === 'group' ? 'panel.group' : c.kind === 'room' ? 'panel.room' : 'panel.person');
  return html`<aside class="panel" id="panel" ref=${ref} tabindex="-1" aria-label=${title}
      onKeyDown=${(/** @type {KeyboardEvent} */ e) => { if (e.key === 'Escape') { e.stopPropagation(); close(); } }}>
    <header class="panel-head">
      <h2 class="panel-title">${title}</h2>
      <button type="button" class="icon-button" aria-label=${t('panel.close')} onClick=${close}>${h(Icon, { name: 'close' })}</button>
    </header>
    <div class="panel-body">
      <div class="panel-about">
        ${h(Avatar, { ...avatarOf(c, me.value), size: 'l', active: c.kind === 'direct' && isActive(c.with?.username) })}
        <bdi class="panel-name">${titleOf(c)}</bdi>
        ${h(About, { c })}
      </div>
      ${c.kind === 'group' && html`${h(Members, { key: `m${c.id}`, c, admin })}${admin && h(Invitations, { key: `i${c.id}`, c })}${admin && h(GroupSettings, { key: `s${c.id}`, c })}`}
      ${(admin || c.kind === 'note') && h(Hooks, { key: `h${c.id}`, c })}
      ${c.kind === 'group' && html`<section class="panel-part"><button type="button" class="button button-wide panel-leave" onClick=${() => leave(c)}>${h(Icon, { name: 'leave' })}${t('panel.leave')}</button></section>`}
    </div>
  </aside>`;
}

function About(/** @type {any} */ { c }) {
  if (c.kind === 'direct' && c.with) {
    return html`<p class="panel-more">@<bdi>${c.with.username}</bdi></p>
      <p class="panel-more">${t(isActive(c.with.username) ? 'panel.active' : 'panel.away')}${c.with.country && html` · <bdi>${c.with.country}</bdi>`}</p>`;
  }
  if (c.kind === 'note') return html`<p class="panel-more">${t('panel.note')}</p>`;
  return html`<p class="panel-more">${t(c.visibility === 'private' ? 'groups.private' : 'groups.public')} · ${t('groups.members', { count: c.members })}</p>
    ${c.code && html`<div class="panel-code"><span>${t('panel.code')}</span>${h(Copyable, { text: c.code, label: t('panel.code') })}</div>`}`;
}

async function leave(/** @type {any} */ c) {
  const last = c.members === 1;
  const sure = await confirmDialog({ title: t('panel.leave_title', { group: c.name }), text: t(last ? 'panel.leave_last' : 'panel.leave_text'), action: t('panel.leave'), danger: true });
  if (!sure) return;
  try {
    await api.del(`/conversations/${c.id}/members/${encodeURIComponent(me.value.username)}`);
    openPanel(null);
    dropConversation(c.id);
    navigate('/app', { replace: true });
  } catch (error) { toastError(error); }
}
