// @ts-check
// Add Group and Join Group.
import { h, html, useEffect, useState } from '../vendor/preact.js';
import { Dialog, openDialog, useDeed } from './dialog.js';
import { errorField, errorText } from './errors.js';
import { Choice, Field } from './forms.js';
import { t } from './i18n.js';
import { api } from './net.js';
import { navigate, pathTo } from './router.js';
import { putConversation } from './state.js';
import { Avatar, Icon, toastError } from './ui.js';

export const openAddGroup = () => openDialog(AddGroup);
export const openJoinGroup = () => openDialog(JoinGroup);

/** @param {string} username of another realm `user@realm` */
export async function startChat(username) {
  try {
    const conversation = await api.post('/conversations', { with: username });
    putConversation(conversation);
    navigate(pathTo(conversation.id));
  } catch (error) { toastError(error); }
}

export async function joinGroup(/** @type {string} */ group) {
  const conversation = await api.post('/groups/join', { group });
  putConversation(conversation);
  navigate(pathTo(conversation.id));
  return conversation;
}

function AddGroup(/** @type {any} */ { close }) {
  const { busy, error, run } = useDeed();
  const [visibility, setVisibility] = useState('public');
  const wrong = errorField(error, ['name']) && errorText(error);
  const submit = (/** @type {any} */ event) => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get('name')).trim();
    run(async () => {
      const conversation = await api.post('/groups', { name, visibility });
      putConversation(conversation);
      navigate(pathTo(conversation.id));
      close();
    });
  };
  return h(Dialog, { title: t('groups.add'), onClose: close }, html`<form class="dialog-body" onSubmit=${submit}>
    ${h(Field, { label: t('groups.name'), name: 'name', required: true, maxlength: 64, autocomplete: 'off', 'data-autofocus': true, error: wrong })}
    ${h(Choice, { label: t('groups.visibility'), name: 'visibility', value: visibility, onChoose: setVisibility,
    options: [['public', t('groups.public')], ['private', t('groups.private')]], hint: t(visibility === 'public' ? 'groups.public_hint' : 'groups.private_hint') })}
    <div role="alert">${error && !wrong && html`<p class="form-error">${errorText(error)}</p>`}</div>
    <div class="dialog-actions">
      <button type="button" class="button" onClick=${() => close()}>${t('dialog.cancel')}</button>
      <button type="submit" class="button button-primary" disabled=${busy}>${t('groups.add_do')}</button>
    </div>
  </form>`);
}

function JoinGroup(/** @type {any} */ { close }) {
  const { busy, error, run } = useDeed();
  const join = (/** @type {string} */ group) => run(async () => { await joinGroup(group); close(); });
  const submit = (/** @type {any} */ event) => {
    event.preventDefault();
    join(String(new FormData(event.currentTarget).get('group')).trim());
  };
  return h(Dialog, { title: t('groups.join'), onClose: close }, html`<div class="dialog-body">
    <form class="join-form" onSubmit=${submit}>
      ${h(Field, { label: t('groups.name_or_code'), hint: t('groups.code_hint'), name: 'group', required: true, maxlength: 129, autocomplete: 'off', 'data-autofocus': true, error: error && errorText(error) })}
      <button type="submit" class="button button-primary" disabled=${busy}>${t('groups.join_do')}</button>
    </form>
    <h3 class="dialog-sub">${t('groups.open_ones')}</h3>
    ${h(GroupList, { onJoin: join, busy, onlyNew: true })}
  </div>`);
}

/** The groups that can be found, each with what one can do there. */
export function GroupList(/** @type {any} */ { onJoin, busy, onlyNew = false, query = '' }) {
  const [groups, setGroups] = useState(/** @type {any[]|null} */ (null));
  const [failed, setFailed] = useState(/** @type {any} */ (null));
  useEffect(() => {
    let stale = false;
    api.get('/groups').then((answer) => { if (!stale) setGroups(answer.groups); }, (error) => { if (!stale) setFailed(error); });
    return () => { stale = true; };
  }, []);
  if (failed) return html`<p class="form-error" role="alert">${errorText(failed)}</p>`;
  if (!groups) return html`<div class="rows" aria-busy="true">${[0, 1, 2].map((i) => html`<div class="row" key=${i}><span class="skeleton skeleton-avatar"></span><span class="skeleton skeleton-line"></span></div>`)}</div>`;
  const q = query.trim().toLowerCase();
  const shown = groups.filter((g) => (!onlyNew || !g.joined) && g.name.toLowerCase().includes(q));
  if (!shown.length) return html`<p class="rows-empty">${t(q ? 'people.nobody' : 'groups.none_open')}</p>`;
  return html`<ul class="rows">${shown.map((g) => html`<li class="row" key=${g.name}>
    ${h(Avatar, { name: g.name, group: true })}
    <span class="row-text"><bdi class="row-name">${g.name}</bdi>
      <span class="row-more">${g.visibility === 'private' && html`${h(Icon, { name: 'lock' })}${t('groups.private')} · `}${t('groups.members', { count: g.members })}</span></span>
    ${g.joined ? html`<a class="button" href=${pathTo(g.id)}>${t('groups.open')}</a>`
    : html`<button type="button" class="button" disabled=${busy} onClick=${() => onJoin(g.name)}>${t('groups.join_do')}<span class="hidden-text"> ${g.name}</span></button>`}
  </li>`)}</ul>`;
}
