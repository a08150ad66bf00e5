// @ts-check
// The links to other realms: how each is, and for administrators what is done about it.
import { h, html, useEffect, useState } from '../vendor/preact.js';
import { confirmDialog, Dialog, openDialog, useDeed } from './dialog.js';
import { errorField, errorText } from './errors.js';
import { Choice, Copyable, Field } from './forms.js';
import { fmt, t } from './i18n.js';
import { api } from './net.js';
import { RowSkeleton } from './people.js';
import { Icon, styled, toast } from './ui.js';

const AGAIN_MS = 5_000;
const PORT = 8889;
/** A clock that is off by less is not worth a word. */
const CLOCK_SECS = 30;

/** The server says why in the reader's language. @param {any} error */
const reason = (error) => (error.message && error.message !== error.code ? error.message : errorText(error));
const pathOf = (/** @type {any} */ link) => `/realms/${encodeURIComponent(link.name)}`;
const toastReason = (/** @type {any} */ error) => toast(reason(error), { error: true });

/**
 * What can be done about a link as it stands.
 * @param {string} standing @returns {('accept'|'check'|'block'|'remove')[]}
 */
export function deedsOf(standing) {
  const may = { accept: ['waiting', 'blocked', 'changed'].includes(standing), block: standing !== 'blocked' };
  return [...(may.accept ? /** @type {['accept']} */ (['accept']) : []), 'check', ...(may.block ? /** @type {['block']} */ (['block']) : []), 'remove'];
}

/** @param {{administrator: boolean, refused?: any}} props `refused`: drawn for who may do nothing here */
export function Realms({ administrator, refused }) {
  const [seen, setSeen] = useState(/** @type {{realms: any[], may_add: boolean}|null} */ (null));
  const [failed, setFailed] = useState(/** @type {any} */ (null));
  const load = () => api.get('/realms').then((answer) => { setSeen(answer); setFailed(null); }, setFailed);
  useEffect(() => {
    load();
    const timer = setInterval(() => { if (document.visibilityState === 'visible') load(); }, AGAIN_MS);
    return () => clearInterval(timer);
  }, []);
  if (!seen) return failed ? html`<p class="form-error" role="alert">${reason(failed)}</p>` : h(RowSkeleton, {});
  if (!administrator && !seen.may_add) return refused ?? null;
  return html`<div class="page-tools">
      <button type="button" class="button button-primary" onClick=${() => openDialog(Add, { administrator, onDone: load })}>${h(Icon, { name: 'add' })}${t('realms.add')}</button>
      ${administrator && html`<button type="button" class="button" onClick=${() => openDialog(Invite)}>${h(Icon, { name: 'key' })}${t('realms.invite')}</button>`}
    </div>
    ${failed && html`<p class="form-error" role="alert">${reason(failed)}</p>`}
    ${!seen.realms.length && html`<div class="empty">${h(Icon, { name: 'globe' })}<h2>${t('realms.none')}</h2><p>${t('realms.none_text')}</p></div>`}
    ${seen.realms.length > 0 && html`<ul class="realms">${seen.realms.map((link) => h(Link, { key: link.name, link, administrator, load }))}</ul>`}`;
}

function Link(/** @type {any} */ { link, administrator, load }) {
  const { name, own_name, address, standing, queued, last_contact_at, next_try_at, error, clock_ahead, fingerprint } = link;
  // Both agreed, and now it does not answer as it should.
  const shown = standing === 'linked' && error ? 'unreachable' : standing;
  const deed = (/** @type {() => Promise<any>} */ what) => what().catch(toastReason).finally(load);
  const surely = async (/** @type {string} */ key, /** @type {boolean} */ danger, /** @type {() => Promise<any>} */ what) => {
    if (await confirmDialog({ title: t(`realms.${key}_title`, { name }), text: t(`realms.${key}_text`), action: t(`realms.${key}`), danger })) await deed(what);
  };
  const does = {
    // Another key may be another server: that is looked at before it is agreed to.
    accept: () => { const accept = () => api.post(`${pathOf(link)}/accept`); if (standing === 'changed') surely('accept', true, accept); else deed(accept); },
    check: () => openDialog(Checks, { link }),
    block: () => surely('block', true, () => api.post(`${pathOf(link)}/block`)),
    remove: () => surely('remove', true, () => api.del(pathOf(link))),
  };
  const facts = [
    ['queued', fmt.number(queued)],
    ['contact', last_contact_at ? fmt.ago(Date.parse(last_contact_at)) : t('realms.never')],
    next_try_at && ['next', fmt.time(next_try_at)],
  ].filter(Boolean);
  return html`<li class="realm" data-realm=${name}>
    <div class="realm-head"><h2 class="realm-name"><bdi>${name}</bdi></h2>
      <span class=${shown === 'linked' ? 'tag' : 'tag tag-warn'}>${t(`realms.standing_${shown}`)}</span></div>
    <span class="realm-address">${own_name !== name && html`${t('realms.own_name')} <bdi>${own_name}</bdi> · `}${address ? html`<bdi>${address}</bdi>` : t('realms.no_address')}</span>
    ${error && html`<p class="realm-error">${h(Icon, { name: 'alert' })}<span>${error.message}</span></p>`}
    ${Math.abs(clock_ahead) > CLOCK_SECS && html`<p class="realm-about">${t(clock_ahead > 0 ? 'realms.clock_ahead' : 'realms.clock_behind', { count: Math.abs(clock_ahead) })}</p>`}
    <dl class="realm-facts">${facts.map(([key, value]) => html`<div key=${key}><dt>${t(`realms.fact_${key}`)}</dt><dd>${value}</dd></div>`)}</dl>
    ${fingerprint && h(Fingerprint, { words: fingerprint, name })}
    ${administrator && html`<div class="realm-deeds" role="group" aria-label=${t('realms.deeds', { name })}>${deedsOf(standing).map((key) => html`<button type="button" key=${key}
      class=${key === 'accept' ? 'button button-primary' : 'button'} onClick=${does[key]}>${t(`realms.${key}`)}<span class="hidden-text"> ${name}</span></button>`)}</div>`}
  </li>`;
}

/** Eight words, to be read to each other. @param {{words: string, name: string}} props */
function Fingerprint({ words, name }) {
  return html`<div><p class="realm-about">${t('realms.fingerprint')}</p>
    <ol class="fingerprint" role="list" aria-label=${t('realms.fingerprint_of', { name })}>${words.split(' ').map((word, i) => html`<li key=${i}>${word}</li>`)}</ol></div>`;
}

function Add(/** @type {any} */ { administrator, onDone, close }) {
  const { busy, error, run, clear } = useDeed();
  const [by, setBy] = useState('address');
  const field = errorField(error, by === 'invite' ? ['invite'] : ['name', 'host', 'port']);
  const wrong = (/** @type {string} */ f) => (field === f ? t(`realms.${f}_wrong`) : undefined);
  const submit = (/** @type {any} */ event) => {
    event.preventDefault();
    const { name, host, port, invite } = Object.fromEntries([...new FormData(event.currentTarget)].map(([k, v]) => [k, String(v).trim()]));
    run(async () => {
      const link = await api.post('/realms', by === 'invite' ? { invite } : { name, host, port: Number(port) });
      toast(t(`realms.added_${link.standing === 'linked' ? 'linked' : 'asked'}`, { name: link.name }));
      onDone();
      close();
    });
  };
  const plain = { autocomplete: 'off', autocapitalize: 'none', spellcheck: false, required: true };
  return h(Dialog, { title: t('realms.add'), onClose: close }, html`<form class="dialog-body" onSubmit=${submit}>
    ${administrator && h(Choice, { label: t('realms.by'), name: 'by', value: by, onChoose: (/** @type {string} */ to) => { setBy(to); clear(); }, options: [['address', t('realms.by_address')], ['invite', t('realms.by_invite')]] })}
    ${by === 'invite' ? h(Field, { key: 'invite', label: t('realms.invite_field'), hint: t('realms.invite_hint'), name: 'invite', maxlength: 2048, 'data-autofocus': true, error: wrong('invite'), ...plain }) : [
      h(Field, { key: 'name', label: t('realms.name'), hint: t('realms.name_hint'), name: 'name', maxlength: 64, 'data-autofocus': true, error: wrong('name'), ...plain }),
      h(Field, { key: 'host', label: t('realms.host'), hint: t('realms.host_hint'), name: 'host', maxlength: 253, error: wrong('host'), ...plain }),
      h(Field, { key: 'port', label: t('realms.port'), name: 'port', type: 'number', min: 1, max: 65_535, value: PORT, error: wrong('port'), ...plain }),
    ]}
    <div role="alert">${error && !field && html`<p class="form-error">${reason(error)}</p>`}</div>
    <div class="dialog-actions">
      <button type="button" class="button" onClick=${() => close()}>${t('dialog.cancel')}</button>
      <button type="submit" class="button button-primary" disabled=${busy}>${t('realms.add')}</button>
    </div>
  </form>`);
}

function Invite(/** @type {any} */ { close }) {
  const [invite, setInvite] = useState('');
  const [failed, setFailed] = useState(/** @type {any} */ (null));
  useEffect(() => { api.post('/realms/invite').then((answer) => setInvite(answer.invite), setFailed); }, []);
  return h(Dialog, { title: t('realms.invite'), onClose: close }, html`<div class="dialog-body">
    ${failed ? html`<p class="form-error" role="alert">${reason(failed)}</p>` : html`<p class="dialog-text">${t('realms.invite_text')}</p>`}
    ${invite && h(Copyable, { text: invite, label: t('realms.invite_field') })}
    <div class="dialog-actions"><button type="button" class="button button-primary" data-autofocus onClick=${() => close()}>${t('invitations.done')}</button></div>
  </div>`);
}

function Checks(/** @type {any} */ { link, close }) {
  const [checks, setChecks] = useState(/** @type {any[]|null} */ (null));
  const [failed, setFailed] = useState(/** @type {any} */ (null));
  const look = () => {
    setChecks(null);
    setFailed(null);
    api.get(`${pathOf(link)}/checks`).then((answer) => setChecks(answer.checks), setFailed);
  };
  useEffect(look, []);
  return h(Dialog, { title: t('realms.check_title', { name: link.name }), onClose: close }, html`<div class="dialog-body">
    <div role="status">${!checks && !failed && html`<p class="dialog-text">${t('realms.checking')}</p>`}
      ${checks && html`<ol class="checks" role="list">${checks.map((check, i) => h(Check, { key: i, check }))}</ol>`}</div>
    ${failed && html`<p class="form-error" role="alert">${reason(failed)}</p>`}
    <div class="dialog-actions">
      <button type="button" class="button" disabled=${!checks && !failed} onClick=${look}>${t('realms.check_again')}</button>
      <button type="button" class="button button-primary" data-autofocus onClick=${() => close()}>${t('dialog.close')}</button>
    </div>
  </div>`);
}

function Check(/** @type {any} */ { check: { step, ok, message } }) {
  const how = ok === null ? 'none' : ok ? 'good' : 'bad';
  const named = t(`realms.step_${step}`);
  // A step of a newer server is called as it calls it.
  return html`<li class=${`check check-${how}`}><span class="check-sign" aria-hidden="true">${{ good: '✓', bad: '✗', none: '–' }[how]}</span>
    <span><strong>${named === `realms.step_${step}` ? step : named}</strong><span class="hidden-text"> ${t(`realms.check_${how}`)}</span><br /><span class="check-words">${message}</span></span></li>`;
}

await Promise.all([styled('pages'), styled('realms')]);
