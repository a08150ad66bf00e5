// @ts-check
// The right panel: what a conversation is, who is in it, and for its admins how it is run.
import { h, html, useEffect, useLayoutEffect, useRef, useState } from '../vendor/preact.js';
import { confirmDialog, Dialog, openDialog, useDeed } from './dialog.js';
import { errorField, errorText } from './errors.js';
import { Choice, Copyable, Field } from './forms.js';
import { startChat } from './groups.js';
import { fmt, t } from './i18n.js';
import { closeness } from './listing.js';
import { api, onEvent } from './net.js';
import { People } from './rooms.js';
import { holdBack, navigate } from './router.js';
import { dropConversation, isActive, me, narrow, openPanel, putConversation, putPeople } from './state.js';
import { Avatar, avatarOf, handleOf, Icon, Menu, titleOf, toast, toastError } from './ui.js';

export function Panel(/** @type {any} */ { conversation: c }) {
  const ref = useRef(/** @type {HTMLElement|null} */ (null));
  const close = () => openPanel(null);
  // On a narrow screen the panel covers the conversation: Back and Esc take it away and the focus moves into it.
  useLayoutEffect(() => {
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
      ${c.kind === 'room' && h(People, { key: `r${c.id}`, room: c })}
      ${(admin || c.kind === 'note') && h(Hooks, { key: `h${c.id}`, c })}
      ${c.kind === 'group' && html`<section class="panel-part"><button type="button" class="button button-wide panel-leave" onClick=${() => leave(c)}>${h(Icon, { name: 'leave' })}${t('panel.leave')}</button></section>`}
    </div>
  </aside>`;
}

function About(/** @type {any} */ { c }) {
  if (c.kind === 'direct' && c.with) {
    return html`<p class="panel-more"><bdi>${handleOf(c.with.username)}</bdi></p>
      <p class="panel-more">${[isActive(c.with.username) ? t('panel.active') : !c.with.realm && t('panel.away'), c.with.country && html`<bdi>${c.with.country}</bdi>`].filter(Boolean).map((part, i) => [i > 0 && ' · ', part])}</p>`;
  }
  if (c.kind === 'note') return html`<p class="panel-more">${t('panel.note')}</p>`;
  if (c.kind === 'room') return html`<p class="panel-more">${t('rooms.about')}</p>`;
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
      <span class="row-text"><bdi class="row-name">${m.name}</bdi><span class="row-more"><bdi>${handleOf(m.username)}</bdi>${isActive(m.username) && html` · ${t('panel.active')}`}</span></span>
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
      <span class="row-text"><bdi class="row-name">${p.name}</bdi><span class="row-more"><bdi>${handleOf(p.username)}</bdi></span></span>
      <input type="checkbox" checked=${chosen.includes(p.username)} onChange=${() => toggle(p.username)} />
    </label></li>`)}</ul>
    ${people && !shown.length && html`<p class="rows-empty">${t('people.nobody')}</p>`}
    <div class="dialog-actions">
      <button type="button" class="button" onClick=${() => close()}>${t('dialog.cancel')}</button>
      <button type="submit" class="button button-primary" disabled=${busy || !chosen.length}>${chosen.length ? t('members.invite_count', { count: chosen.length }) : t('members.invite')}</button>
    </div>
  </form>`);
}

export function GroupSettings(/** @type {any} */ { c }) {
  const { busy, error, run } = useDeed();
  const [name, setName] = useState(c.name);
  const change = (/** @type {object} */ what) => run(async () => {
    putConversation(await api.patch(`/conversations/${c.id}`, what));
    toast(t('groupsettings.saved'));
  });
  const wrong = errorField(error, ['name']) && errorText(error);
  return html`<section class="panel-part" aria-labelledby="groupsettings-title">
    <div class="panel-part-head"><h3 id="groupsettings-title">${t('groupsettings.title')}</h3></div>
    <form class="panel-form" onSubmit=${(/** @type {Event} */ e) => { e.preventDefault(); change({ name: name.trim() }); }}>
      ${h(Field, { label: t('groups.name'), value: name, required: true, maxlength: 64, autocomplete: 'off', error: wrong, onInput: (/** @type {any} */ e) => setName(e.currentTarget.value) })}
      ${name.trim() !== c.name && html`<button type="submit" class="button button-primary" disabled=${busy || !name.trim()}>${t('groupsettings.rename')}</button>`}
    </form>
    ${h(Choice, { label: t('groups.visibility'), name: `visibility-${c.id}`, value: c.visibility, onChoose: (/** @type {string} */ visibility) => change({ visibility }),
    options: [['public', t('groups.public')], ['private', t('groups.private')]], hint: t(c.visibility === 'public' ? 'groups.public_hint' : 'groups.private_hint') })}
    <div role="alert">${error && !wrong && html`<p class="form-error">${errorText(error)}</p>`}</div>
  </section>`;
}

const HOUR_SECS = 3600;
const USES_MAX = 1000;
const TIMES = /** @type {[string, number][]} */ ([['hour', HOUR_SECS], ['day', 24 * HOUR_SECS], ['week', 7 * 24 * HOUR_SECS], ['month', 30 * 24 * HOUR_SECS]]);

export function Invitations(/** @type {any} */ { c }) {
  const [list, setList] = useState(/** @type {any[]|null} */ (null));
  const path = `/conversations/${c.id}/invitations`;
  const load = () => api.get(path).then((answer) => setList(answer.invitations), toastError);
  useEffect(() => { load(); }, [c.id]);
  const end = (/** @type {string} */ code) => api.del(`${path}/${encodeURIComponent(code)}`).then(load, toastError);
  return html`<section class="panel-part" aria-labelledby="invitations-title">
    <div class="panel-part-head"><h3 id="invitations-title">${t('invitations.title')}</h3>
      <button type="button" class="button button-small" onClick=${() => openDialog(NewInvitation, { path, onDone: load })}>${h(Icon, { name: 'link' })}${t('invitations.new')}</button></div>
    ${list && !list.length && html`<p class="panel-quiet">${t('invitations.none')}</p>`}
    ${list && list.length > 0 && html`<ul class="rows">${list.map((i) => html`<li class="row row-stack" key=${i.code}>
      ${h(Copyable, { text: linkOf(i), label: t('invitations.link') })}
      <span class="row-line"><span class="row-more">${t('invitations.left', { count: i.uses_left })} · ${t('invitations.until', { time: fmt.ago(i.expires_at) })}</span>
      <button type="button" class="button button-small" onClick=${() => end(i.code)}>${t('invitations.end')}</button></span>
    </li>`)}</ul>`}
  </section>`;
}

/** The address people open in a browser; the server's own `url` may name the API. */
const linkOf = (/** @type {any} */ i) => `${location.origin}/app/i/${encodeURIComponent(i.code)}`;

function NewInvitation(/** @type {any} */ { path, onDone, close }) {
  const { busy, error, run } = useDeed();
  const [time, setTime] = useState('day');
  const [made, setMade] = useState(/** @type {any} */ (null));
  const submit = (/** @type {any} */ event) => {
    event.preventDefault();
    const uses = Number(new FormData(event.currentTarget).get('uses'));
    run(async () => {
      setMade(await api.post(path, { expires_in: TIMES.find(([name]) => name === time)?.[1], uses }));
      onDone();
    });
  };
  if (made) {
    return h(Dialog, { title: t('invitations.made'), onClose: close }, html`<div class="dialog-body">
      <p>${t('invitations.made_text')}</p>
      ${h(Copyable, { text: linkOf(made), label: t('invitations.link') })}
      <div class="dialog-actions"><button type="button" class="button button-primary" data-autofocus onClick=${() => close()}>${t('invitations.done')}</button></div>
    </div>`);
  }
  return h(Dialog, { title: t('invitations.new_title'), onClose: close }, html`<form class="dialog-body" onSubmit=${submit}>
    ${h(Choice, { label: t('invitations.ends'), name: 'time', value: time, onChoose: setTime, options: TIMES.map(([name]) => [name, t(`invitations.${name}`)]) })}
    ${h(Field, { label: t('invitations.uses'), name: 'uses', type: 'number', min: 1, max: USES_MAX, value: 10, required: true, inputmode: 'numeric' })}
    <div role="alert">${error && html`<p class="form-error">${errorText(error)}</p>`}</div>
    <div class="dialog-actions">
      <button type="button" class="button" onClick=${() => close()}>${t('dialog.cancel')}</button>
      <button type="submit" class="button button-primary" disabled=${busy}>${t('invitations.make')}</button>
    </div>
  </form>`);
}

export function Hooks(/** @type {any} */ { c }) {
  const [list, setList] = useState(/** @type {any[]|null} */ (null));
  const path = `/conversations/${c.id}/hooks`;
  const load = () => api.get(path).then((answer) => setList(answer.hooks), toastError);
  useEffect(() => { load(); }, [c.id]);
  const remove = async (/** @type {any} */ hook) => {
    const sure = await confirmDialog({ title: t('hooks.remove_title', { name: hook.name }), text: t('hooks.remove_text'), action: t('hooks.remove'), danger: true });
    if (sure) await api.del(`${path}/${encodeURIComponent(hook.id)}`).then(load, toastError);
  };
  return html`<section class="panel-part" aria-labelledby="hooks-title">
    <div class="panel-part-head"><h3 id="hooks-title">${t('hooks.title')}</h3>
      <button type="button" class="button button-small" onClick=${() => openDialog(NewHook, { path, onDone: load })}>${h(Icon, { name: 'add' })}${t('hooks.new')}</button></div>
    ${list && !list.length && html`<p class="panel-quiet">${t('hooks.none')}</p>`}
    ${list && list.length > 0 && html`<ul class="rows">${list.map((k) => html`<li class="row" key=${k.id}>
      ${h(Icon, { name: 'terminal' })}<span class="row-text"><bdi class="row-name">${k.name}</bdi></span>
      <button type="button" class="icon-button" aria-label=${t('hooks.remove_one', { name: k.name })} onClick=${() => remove(k)}>${h(Icon, { name: 'trash' })}</button>
    </li>`)}</ul>`}
  </section>`;
}

function NewHook(/** @type {any} */ { path, onDone, close }) {
  const { busy, error, run } = useDeed();
  const [made, setMade] = useState(/** @type {any} */ (null));
  const submit = (/** @type {any} */ event) => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get('name')).trim();
    run(async () => { setMade(await api.post(path, { name })); onDone(); });
  };
  if (made) {
    const url = new URL(made.url, location.origin).href;
    return h(Dialog, { title: t('hooks.made'), onClose: close }, html`<div class="dialog-body">
      <p>${t('hooks.made_text')}</p>
      ${h(Copyable, { text: url, label: t('hooks.address') })}
      <p class="field-hint">${t('hooks.example')}</p>
      ${h(Copyable, { text: `curl --data-binary 'Halo' -H 'Content-Type: text/plain' '${url}'`, label: t('hooks.example'), lines: true })}
      <div class="dialog-actions"><button type="button" class="button button-primary" data-autofocus onClick=${() => close()}>${t('invitations.done')}</button></div>
    </div>`);
  }
  return h(Dialog, { title: t('hooks.new_title'), onClose: close }, html`<form class="dialog-body" onSubmit=${submit}>
    ${h(Field, { label: t('hooks.name'), hint: t('hooks.name_hint'), name: 'name', required: true, maxlength: 64, autocomplete: 'off', 'data-autofocus': true })}
    <div role="alert">${error && html`<p class="form-error">${errorText(error)}</p>`}</div>
    <div class="dialog-actions">
      <button type="button" class="button" onClick=${() => close()}>${t('dialog.cancel')}</button>
      <button type="submit" class="button button-primary" disabled=${busy}>${t('hooks.make')}</button>
    </div>
  </form>`);
}
