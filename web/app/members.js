// Who is in a group; its admins add, promote and remove.
import { h, html, useEffect, useState } from '../vendor/preact.js';
import { api } from './api.js';
import { Avatar } from './avatar.js';
import { Dialog, confirmDialog, openDialog, useDeed } from './dialog.js';
import { errorText } from './errors.js';
import { onEvent } from './events.js';
import { startChat } from './groups.js';
import { fmt, t } from './i18n.js';
import { Icon } from './icons.js';
import { closeness } from './listing.js';
import { Menu } from './menu.js';
import { isActive, me, putPeople } from './state.js';
import { toast, toastError } from './toast.js';

export function Members(/** @type {any} */ { c, admin }) {
  const [members, setMembers] = useState(/** @type {any[]|null} */ (null));
  const [failed, setFailed] = useState(/** @type {any} */ (null));
  const path = `/conversations/${c.id}/members`;
  const load = () => api.get(path).then((answer) => { putPeople(answer.members); setMembers(answer.members); setFailed(null); }, setFailed);
  useEffect(() => { load(); }, [c.id, c.members]);
  // Roles change without the number changing.
  useEffect(() => onEvent('conversation', (frame) => { if (frame.conversation.id === c.id) load(); }), [c.id]);

  const setRole = (/** @type {any} */ m, /** @type {string} */ role) => api.patch(`${path}/${encodeURIComponent(m.username)}`, { role }).then(load, toastError);
  const remove = async (/** @type {any} */ m) => {
    const sure = await confirmDialog({ title: t('members.remove_title', { name: m.name }), text: t('members.remove_text', { group: c.name }), action: t('members.remove'), danger: true });
    if (sure) await api.del(`${path}/${encodeURIComponent(m.username)}`).then(load, toastError);
  };
  const deeds = (/** @type {any} */ m) => [
    m.username !== me.value?.username && { label: t('members.write'), icon: 'message', run: () => startChat(m.username) },
    admin && m.role !== 'admin' && { label: t('members.make_admin'), icon: 'crown', run: () => setRole(m, 'admin') },
    admin && m.role === 'admin' && members?.some((o) => o.role === 'admin' && o !== m) && { label: t('members.make_member'), icon: 'person', run: () => setRole(m, 'member') },
    admin && m.username !== me.value?.username && { label: t('members.remove'), icon: 'leave', danger: true, run: () => remove(m) },
  ].filter(Boolean);

  return html`<section class="panel-part" aria-labelledby="members-title">
    <div class="panel-part-head"><h3 id="members-title">${t('members.title')} <span class="count">${fmt.number(c.members)}</span></h3>
      ${admin && html`<button type="button" class="button button-small" onClick=${() => openDialog(Invite, { c, members, onDone: load })}>${h(Icon, { name: 'add' })}${t('members.invite')}</button>`}</div>
    ${failed && html`<p class="form-error" role="alert">${errorText(failed)}</p>`}
    ${!members && !failed && html`<div class="rows" aria-busy="true">${[0, 1, 2].map((i) => html`<div class="row" key=${i}><span class="skeleton skeleton-avatar"></span><span class="skeleton skeleton-line"></span></div>`)}</div>`}
    ${members && html`<ul class="rows">${members.map((m) => html`<li class="row" key=${m.username}>
      ${h(Avatar, { user: m, active: isActive(m.username) })}
      <span class="row-text"><bdi class="row-name">${m.name}</bdi><span class="row-more">@<bdi>${m.username}</bdi>${isActive(m.username) && html` · ${t('panel.active')}`}</span></span>
      ${m.role === 'admin' && html`<span class="tag">${t('members.admin')}</span>`}
      ${deeds(m).length > 0 && h(Menu, { label: t('members.deeds', { name: m.name }), icon: 'more', items: deeds(m) })}
    </li>`)}</ul>`}
  </section>`;
}

/** Choosing several people to bring in. */
function Invite(/** @type {any} */ { c, members, onDone, close }) {
  const { busy, error, run } = useDeed();
  const [people, setPeople] = useState(/** @type {any[]|null} */ (null));
  const [query, setQuery] = useState('');
  const [chosen, setChosen] = useState(/** @type {string[]} */ ([]));
  useEffect(() => {
    let stale = false;
    const timer = setTimeout(() => run(async () => {
      const answer = await api.get(`/people?limit=50&q=${encodeURIComponent(query.trim())}`);
      if (!stale) setPeople(answer.people);
    }), query ? 150 : 0);
    return () => { stale = true; clearTimeout(timer); };
  }, [query]);
  const inside = new Set((members ?? []).map((/** @type {any} */ m) => m.username));
  const shown = (people ?? []).filter((p) => !inside.has(p.username) && (closeness(query, p.name) || closeness(query, p.username)));
  const toggle = (/** @type {string} */ u) => setChosen(chosen.includes(u) ? chosen.filter((o) => o !== u) : [...chosen, u]);
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    run(async () => {
      const answer = await api.post(`/conversations/${c.id}/members`, { usernames: chosen });
      if (answer.failed.length) toast(t('members.invite_failed', { names: fmt.list(answer.failed.map((/** @type {any} */ f) => f.username ?? f)) }), { error: true });
      if (answer.joined.length) toast(t('members.invited', { count: answer.joined.length }));
      onDone();
      close();
    });
  };
  return h(Dialog, { title: t('members.invite_title', { group: c.name }), onClose: close }, html`<form class="dialog-body" onSubmit=${submit}>
    <input type="search" class="field-input" data-autofocus aria-label=${t('people.search')} placeholder=${t('people.search')} autocomplete="off"
      value=${query} onInput=${(/** @type {any} */ e) => setQuery(e.currentTarget.value)} />
    <div role="alert">${error && html`<p class="form-error">${errorText(error)}</p>`}</div>
    <ul class="rows rows-tall">${shown.map((p) => html`<li key=${p.username}><label class="row row-pick">
      ${h(Avatar, { user: p })}
      <span class="row-text"><bdi class="row-name">${p.name}</bdi><span class="row-more">@<bdi>${p.username}</bdi></span></span>
      <input type="checkbox" checked=${chosen.includes(p.username)} onChange=${() => toggle(p.username)} />
    </label></li>`)}</ul>
    ${people && !shown.length && html`<p class="rows-empty">${t('people.nobody')}</p>`}
    <div class="dialog-actions">
      <button type="button" class="button" onClick=${() => close()}>${t('dialog.cancel')}</button>
      <button type="submit" class="button button-primary" disabled=${busy || !chosen.length}>${chosen.length ? t('members.invite_count', { count: chosen.length }) : t('members.invite')}</button>
    </div>
  </form>`);
}
