// @ts-check
// The page of everyone and everything one can write to: people, groups, rooms, contacts.
import { h, html, useEffect, useState } from '../vendor/preact.js';
import { Contacts, contacts, loadContacts, setContact } from './contacts.js';
import { useDeed } from './dialog.js';
import { errorText } from './errors.js';
import { GroupList, joinGroup, openAddGroup, openJoinGroup, startChat } from './groups.js';
import { t } from './i18n.js';
import { addressIn } from './listing.js';
import { api } from './net.js';
import { PageHead } from './page.js';
import { Rooms } from './rooms.js';
import { isActive, me, putPeople } from './state.js';
import { Avatar, handleOf, Icon, toastError } from './ui.js';

const PAGE = 50;
const TYPING_PAUSE_MS = 150;

export function PeoplePage(/** @type {{tab: string}} */ { tab }) {
  const [query, setQuery] = useState('');
  useEffect(() => setQuery(''), [tab]);
  return html`<div class="page">
    ${h(PageHead, { title: t('people.title') })}
    <nav class="tabs" aria-label=${t('people.title')}>
      ${['people', 'groups', 'rooms', 'contacts'].map((one) => html`<a key=${one} class="tab" href=${`/app/${one}`} aria-current=${one === tab ? 'page' : undefined}>${t(`people.${one}`)}</a>`)}
    </nav>
    <div class="page-body">
      ${(tab === 'people' || tab === 'groups') && html`<div class="page-tools">
        <label class="search-field">${h(Icon, { name: 'search' })}<input type="search" class="field-input" autocomplete="off" spellcheck=${false}
          aria-label=${t(tab === 'people' ? 'people.search' : 'people.search_groups')} placeholder=${t(tab === 'people' ? 'people.search_hint' : 'people.search_groups')}
          value=${query} onInput=${(/** @type {any} */ e) => setQuery(e.currentTarget.value)} /></label>
        ${tab === 'groups' && html`<button type="button" class="button" onClick=${openJoinGroup}>${h(Icon, { name: 'join' })}${t('groups.join')}</button>
          <button type="button" class="button button-primary" onClick=${openAddGroup}>${h(Icon, { name: 'add' })}${t('groups.add')}</button>`}
      </div>`}
      ${tab === 'people' && h(People, { query })}
      ${tab === 'groups' && h(Groups, { query })}
      ${tab === 'rooms' && h(Rooms, {})}
      ${tab === 'contacts' && h(Contacts, {})}
    </div>
  </div>`;
}

function Groups(/** @type {{query: string}} */ { query }) {
  const { busy, run, error } = useDeed();
  useEffect(() => { if (error) toastError(error); }, [error]);
  return h(GroupList, { query, busy, onJoin: (/** @type {string} */ group) => run(() => joinGroup(group)) });
}

function People(/** @type {{query: string}} */ { query }) {
  const [found, setFound] = useState(/** @type {{people: any[], more: boolean}|null} */ (null));
  const [failed, setFailed] = useState(/** @type {any} */ (null));
  const load = async (/** @type {string} */ after, /** @type {any[]} */ before, /** @type {() => boolean} */ stale) => {
    try {
      const answer = await api.get(`/people?limit=${PAGE}&q=${encodeURIComponent(query.trim())}${after && `&after=${encodeURIComponent(after)}`}`);
      if (stale()) return;
      putPeople(answer.people);
      setFound({ people: [...before, ...answer.people], more: answer.more });
      setFailed(null);
    } catch (error) { if (!stale()) setFailed(error); }
  };
  useEffect(() => {
    let gone = false;
    const timer = setTimeout(() => load('', [], () => gone), query ? TYPING_PAUSE_MS : 0);
    return () => { gone = true; clearTimeout(timer); };
  }, [query]);
  useEffect(() => { if (!contacts.value) loadContacts(); }, []);
  if (failed) return html`<p class="form-error" role="alert">${errorText(failed)}</p>`;
  if (!found) return h(RowSkeleton, {});
  const address = addressIn(query);
  const elsewhere = address && !found.people.some((user) => user.username === address) ? address : null;
  if (!found.people.length && !elsewhere) return html`<p class="rows-empty">${t('people.nobody')}</p>`;
  return html`<ul class="rows">${elsewhere && h(Elsewhere, { key: '+', address: elsewhere })}${found.people.map((user) => h(Person, { key: user.username, user }))}</ul>
    ${found.more && html`<button type="button" class="button button-wide" onClick=${() => load(found.people.at(-1).username, found.people, () => false)}>${t('people.more')}</button>`}`;
}

/** Typed as an address: nobody here may have heard of them. @param {{address: string}} props */
function Elsewhere({ address }) {
  const { busy, run, error } = useDeed();
  useEffect(() => { if (error) toastError(error); }, [error]);
  return html`<li class="row">
    ${h(Avatar, { name: address })}
    <span class="row-text"><bdi class="row-name">${address}</bdi><span class="row-more">${t('realms.elsewhere')}</span></span>
    <button type="button" class="button" disabled=${busy} onClick=${() => run(() => startChat(address))}>${t('members.write')}<span class="hidden-text"> ${address}</span></button>
  </li>`;
}

function Person(/** @type {any} */ { user }) {
  const own = user.username === me.value?.username;
  const active = isActive(user.username);
  const kept = contacts.value?.some((c) => c.address === user.username) ?? false;
  return html`<li class="row">
    ${h(Avatar, { user, active })}
    <span class="row-text"><bdi class="row-name">${user.name}</bdi>
      <span class="row-more"><bdi>${handleOf(user.username)}</bdi>${user.country && html` · <bdi>${user.country}</bdi>`}${active && html` · ${t('panel.active')}`}</span></span>
    ${!own && html`<button type="button" class="icon-button star" aria-pressed=${kept} aria-label=${t('contacts.keep_one', { name: user.name })}
      title=${t(kept ? 'contacts.remove' : 'contacts.add')} onClick=${() => setContact(user.username, !kept)}>${h(Icon, { name: 'star' })}</button>`}
    <button type="button" class="button" onClick=${() => startChat(user.username)}>${t(own ? 'naming.note' : 'members.write')}<span class="hidden-text"> ${user.name}</span></button>
  </li>`;
}

export function RowSkeleton() {
  return html`<div class="rows" aria-busy="true">${[0, 1, 2, 3, 4].map((i) => html`<div class="row" key=${i}><span class="skeleton skeleton-avatar"></span><span class="skeleton skeleton-line"></span></div>`)}</div>`;
}
