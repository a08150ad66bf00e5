// @ts-check
// The page of one conversation: its head, its log, who types, the composer.
import { h, html, useEffect, useState } from '../vendor/preact.js';
import { api } from './api.js';
import { Avatar } from './avatar.js';
import { Composer, focusComposer } from './composer.js';
import { DropZone } from './dropzone.js';
import { fmt, t } from './i18n.js';
import { Icon } from './icons.js';
import { conversations, isActive, me, openPanel, panel, people, putPeople, setting, typing } from './state.js';
import { TimelineView } from './timeline.js';
import { timelineOf } from './timelines.js';

/** @param {{id: string, seq?: number}} props */
export function ConversationPage({ id, seq }) {
  const conversation = conversations.value.get(id);
  const group = conversation?.kind === 'group' || conversation?.kind === 'room';
  // Names for mentions, reactions and those who type.
  useEffect(() => {
    if (group) api.get(`/conversations/${encodeURIComponent(id)}/members`).then((a) => putPeople(a.members), () => {});
  }, [id, group]);
  if (!conversation) return html`<div class="conversation"><header class="head"><span class="skeleton head-ghost"></span></header></div>`;
  return html`<section class="conversation" key=${id} aria-label=${conversation.name}>
    ${h(Head, { conversation })}
    ${h(TimelineView, { key: id, timeline: timelineOf(id), seq, focusComposer })}
    ${h(Typing, { id })}
    ${h(Composer, { key: `composer ${id}`, id, name: conversation.name, kind: conversation.kind, seq })}
    ${h(DropZone, { id })}
  </section>`;
}

/** @param {{conversation: any}} props */
function Head({ conversation }) {
  const { kind, name, members, visibility } = conversation;
  const other = conversation.with;
  const group = kind === 'group' || kind === 'room';
  const active = kind === 'direct' && isActive(other.username);
  const about = group
    ? [t('conversation.members', { count: members }), visibility === 'private' ? t('conversation.private') : null].filter(Boolean).join(' · ')
    : kind === 'note' ? t('conversation.note') : [`@${other.username}`, active ? t('conversation.active') : other.country].filter(Boolean).join(' · ');
  const open = panel.value !== null;
  return html`<header class="head">
    <a class="icon-button head-back" href="/app" aria-label=${t('conversation.back')}>${h(Icon, { name: 'back' })}</a>
    ${h(Avatar, { user: other, name, group, icon: kind === 'note' ? 'note' : undefined, active })}
    <div class="head-words"><h1 class="head-name"><bdi>${kind === 'note' ? t('conversation.note_name') : name}</bdi></h1><p class="head-about">${about}</p></div>
    <a class="icon-button" href=${`/app/search?q=${encodeURIComponent(inOperator(conversation))}`} aria-label=${t('conversation.search')} title=${t('conversation.search')}>${h(Icon, { name: 'search' })}</a>
    <button type="button" class="icon-button" aria-pressed=${open ? 'true' : 'false'} aria-label=${t('conversation.panel')} title=${t('conversation.panel')} onClick=${() => openPanel(open ? null : 'members')}>${h(Icon, { name: 'panel' })}</button>
  </header>`;
}

/** @param {any} c */
function inOperator(c) {
  const name = c.with?.username ?? c.name;
  return `in:${/\s/.test(name) ? `"${name}"` : name} `;
}

/** @param {{id: string}} props */
function Typing({ id }) {
  const inside = typing.value.get(id);
  const [, tick] = useState(0);
  useEffect(() => {
    if (!inside?.size) return undefined;
    const timer = setInterval(() => tick(Date.now()), 500);
    return () => clearInterval(timer);
  }, [inside]);
  const now = Date.now();
  const names = [...(inside ?? [])].filter(([u, until]) => until > now && u !== me.value?.username).map(([u]) => people.value.get(u)?.name ?? u);
  const shown = setting('typing') && names.length > 0;
  return html`<p class="typing">${shown && html`<span class="typing-dots" aria-hidden="true"><i></i><i></i><i></i></span>
    <span>${names.length > 3 ? t('conversation.many_typing') : t('conversation.typing', { count: names.length, names: fmt.list(names) })}</span>`}</p>`;
}
