// @ts-check
// The people one keeps at hand, of this realm or another.
import { h, html, signal, useEffect, useState } from '../vendor/preact.js';
import { useDeed } from './dialog.js';
import { errorText } from './errors.js';
import { Field } from './forms.js';
import { startChat } from './groups.js';
import { t } from './i18n.js';
import { api } from './net.js';
import { isActive, me, putPeople } from './state.js';
import { Avatar, handleOf, Icon, toastError } from './ui.js';

export const contacts = signal(/** @type {{address: string, user: any}[]|null} */ (null));

export async function loadContacts() {
  try {
    const answer = await api.get('/contacts');
    putPeople(answer.contacts.flatMap((/** @type {any} */ c) => (c.user ? [c.user] : [])));
    contacts.value = answer.contacts;
  } catch (error) { toastError(error); }
}

export async function setContact(/** @type {string} */ address, /** @type {boolean} */ kept) {
  try {
    await api[kept ? 'put' : 'del'](`/contacts/${encodeURIComponent(address)}`);
    await loadContacts();
  } catch (error) { toastError(error); }
}

export function Contacts() {
  const { busy, error, run } = useDeed();
  const [mayLink, setMayLink] = useState(false);
  useEffect(() => {
    loadContacts();
    // Administrators have a page of their own for it.
    if (me.peek()?.role !== 'administrator') api.get('/realms').then((answer) => setMayLink(answer.may_add), () => {});
  }, []);
  const submit = (/** @type {any} */ event) => {
    event.preventDefault();
    const form = event.currentTarget;
    const address = String(new FormData(form).get('address')).trim().replace(/^@/, '');
    run(async () => {
      await api.put(`/contacts/${encodeURIComponent(address)}`);
      form.reset();
      await loadContacts();
    });
  };
  return html`<form class="line-form" onSubmit=${submit}>
      ${h(Field, { label: t('contacts.address'), hint: t('contacts.address_hint'), name: 'address', required: true, maxlength: 128, autocomplete: 'off', autocapitalize: 'none', spellcheck: false, error: error && errorText(error) })}
      <button type="submit" class="button button-primary" disabled=${busy}>${t('contacts.add')}</button>
    </form>
    ${mayLink && html`<p><a href="/app/admin/realms">${t('realms.look')}</a></p>`}
    ${contacts.value && !contacts.value.length && html`<div class="empty">${h(Icon, { name: 'star' })}<h2>${t('contacts.none')}</h2><p>${t('contacts.none_text')}</p></div>`}
    ${contacts.value && contacts.value.length > 0 && html`<ul class="rows">${contacts.value.map(({ address, user }) => html`<li class="row" key=${address}>
      ${h(Avatar, user ? { user, active: isActive(user.username) } : { name: address })}
      <span class="row-text"><bdi class="row-name">${user?.name ?? address}</bdi><span class="row-more">${user ? html`<bdi>${handleOf(address)}</bdi>` : t('contacts.elsewhere')}</span></span>
      <button type="button" class="icon-button" aria-label=${t('contacts.remove_one', { name: user?.name ?? address })} title=${t('contacts.remove')} onClick=${() => setContact(address, false)}>${h(Icon, { name: 'trash' })}</button>
      <button type="button" class="button" onClick=${() => startChat(address)}>${t('members.write')}<span class="hidden-text"> ${user?.name ?? address}</span></button>
    </li>`)}</ul>`}`;
}
