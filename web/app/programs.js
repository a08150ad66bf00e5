// @ts-check
// Settings: programs that act for one, each with a token; a token for a terminal; the sessions one has.
import { h, html, useEffect, useState } from '../vendor/preact.js';
import { confirmDialog, Dialog, openDialog, useDeed } from './dialog.js';
import { errorField, errorText } from './errors.js';
import { Choice, Copyable, Field } from './forms.js';
import { fmt, t } from './i18n.js';
import { api } from './net.js';
import { me, signOut } from './state.js';
import { pasteFor } from './terminal.js';
import { Icon, toastError } from './ui.js';

export function Programs() {
  const [list, setList] = useState(/** @type {any[]|null} */ (null));
  const load = () => api.get('/tokens').then((answer) => setList(answer.tokens), toastError);
  useEffect(() => { load(); }, []);
  const end = async (/** @type {any} */ token) => {
    const sure = await confirmDialog({ title: t('programs.end_title', { name: token.name }), text: t('programs.end_text'), action: t('programs.end'), danger: true });
    if (sure) await api.del(`/tokens/${encodeURIComponent(token.id)}`).then(load, toastError);
  };
  return html`<div class="settings-form">
    <p>${t('programs.text')}</p>
    <button type="button" class="button button-primary" onClick=${() => openDialog(NewProgram, { onDone: load })}>${h(Icon, { name: 'add' })}${t('programs.new')}</button>
    ${list && !list.length && html`<p class="field-hint">${t('programs.none')}</p>`}
    ${list && list.length > 0 && html`<ul class="rows rows-lined rows-whole" aria-label=${t('settings.programs')}>${list.map((token) => html`<li class="row" key=${token.id}>
      ${h(Icon, { name: 'code' })}
      <span class="row-text"><bdi class="row-name">${token.name}</bdi>
        <span class="row-more">${t(token.scopes.includes('write') ? 'programs.scope_write' : 'programs.scope_read')} · ${t('sessions.since', { time: fmt.date(token.created_at) })} · ${t('sessions.used', { time: fmt.ago(token.used_at) })}</span></span>
      <button type="button" class="button button-small" onClick=${() => end(token)}>${t('sessions.end')}<span class="hidden-text"> ${token.name}</span></button>
    </li>`)}</ul>`}
  </div>`;
}

function NewProgram(/** @type {any} */ { onDone, close }) {
  const { busy, error, run } = useDeed();
  const [scope, setScope] = useState('read');
  const [made, setMade] = useState(/** @type {any} */ (null));
  const submit = (/** @type {any} */ event) => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get('name')).trim();
    run(async () => {
      const { token } = await api.post('/tokens', { name, scopes: scope === 'write' ? ['read', 'write'] : ['read'] });
      onDone();
      // What it writes in the example only oneself reads.
      const note = scope === 'write' ? await api.post('/conversations', { with: me.value.username }).catch(() => null) : null;
      setMade({ token, examples: examplesFor(token, note?.id) });
    });
  };
  if (made) {
    return h(Dialog, { title: t('programs.made'), onClose: close }, html`<div class="dialog-body">
      <p class="dialog-text">${t('programs.made_text')}</p>
      ${h(Copyable, { text: made.token, label: t('terminal.token') })}
      <p class="field-label">${t('hooks.example')}</p>
      ${made.examples.map((/** @type {string} */ text) => h(Copyable, { key: text, text, label: t('hooks.example'), lines: true }))}
      <div class="dialog-actions"><button type="button" class="button button-primary" data-autofocus onClick=${() => close()}>${t('invitations.done')}</button></div>
    </div>`);
  }
  const wrong = errorField(error, ['name']) && errorText(error);
  return h(Dialog, { title: t('programs.new'), onClose: close }, html`<form class="dialog-body" onSubmit=${submit}>
    ${h(Field, { label: t('hooks.name'), hint: t('programs.name_hint'), name: 'name', required: true, maxlength: 64, autocomplete: 'off', 'data-autofocus': true, error: wrong })}
    ${h(Choice, { label: t('programs.scope'), name: 'scope', value: scope, onChoose: setScope, options: [['read', t('programs.scope_read')], ['write', t('programs.scope_write')]], hint: t(`programs.scope_${scope}_hint`) })}
    <div role="alert">${error && !wrong && html`<p class="form-error">${errorText(error)}</p>`}</div>
    <div class="dialog-actions">
      <button type="button" class="button" onClick=${() => close()}>${t('dialog.cancel')}</button>
      <button type="submit" class="button button-primary" disabled=${busy}>${t('terminal.make')}</button>
    </div>
  </form>`);
}

/** @param {string} token @param {string|undefined} note the conversation with oneself */
function examplesFor(token, note) {
  const base = `${location.origin}/api/v1`;
  const head = `curl -H 'Authorization: Bearer ${token}'`;
  const read = `${head} '${base}/conversations'`;
  return note ? [read, `${head} -H 'Content-Type: application/json' \\\n  -d '{"text":"Halo"}' '${base}/conversations/${note}/messages'`] : [read];
}

/** A token of a person's own, for the line protocols. */
export function Terminal() {
  const { busy, error, run } = useDeed();
  const [token, setToken] = useState(/** @type {string|null} */ (null));
  return html`<div class="settings-form">
    <p>${t('terminal.text')}</p>
    <div role="alert">${error && html`<p class="form-error">${errorText(error)}</p>`}</div>
    ${!token && html`<button type="button" class="button button-primary" disabled=${busy}
      onClick=${() => run(async () => setToken((await api.post('/sessions/token')).token))}>${h(Icon, { name: 'key' })}${t('terminal.make')}</button>`}
    ${token && html`<div class="settings-made" role="status">
      <p class="field-label">${t('terminal.token')}</p>
      ${h(Copyable, { text: token, label: t('terminal.token') })}
      <p class="field-hint">${t('terminal.once')}</p>
      <p class="field-label">${t('terminal.example')}</p>
      ${h(Copyable, { text: pasteFor(location, [`send ${token} ${me.value?.username} Halo`, `inbox ${token}`]), label: t('terminal.example'), lines: true })}
      <p class="field-hint">${t('terminal.pasted')}</p>
    </div>`}
  </div>`;
}

export function Sessions() {
  const [list, setList] = useState(/** @type {any[]|null} */ (null));
  const load = () => api.get('/sessions').then((answer) => setList(answer.sessions), toastError);
  useEffect(() => { load(); }, []);
  const end = (/** @type {any} */ s) => (s.current ? signOut() : api.del(`/sessions/${encodeURIComponent(s.id)}`).then(load, toastError));
  const endAll = async () => {
    const sure = await confirmDialog({ title: t('sessions.end_all'), text: t('sessions.end_all_text'), action: t('sessions.end_all'), danger: true });
    if (sure) await signOut(true);
  };
  return html`<div class="settings-form">
    <p class="field-hint">${t('sessions.text')}</p>
    ${list && html`<ul class="rows rows-lined rows-whole">${list.map((s) => html`<li class="row" key=${s.id}>
      ${h(Icon, { name: s.current ? 'computer' : 'key' })}
      <span class="row-text"><bdi class="row-name">${s.label ?? t(s.current ? 'sessions.this' : 'sessions.other')}</bdi>
        <span class="row-more">${t('sessions.since', { time: fmt.date(s.created_at) })} · ${t('sessions.used', { time: fmt.ago(s.used_at) })}</span></span>
      ${s.current && s.label && html`<span class="tag">${t('sessions.this')}</span>`}
      <button type="button" class="button button-small" onClick=${() => end(s)}>${t(s.current ? 'settings.sign_out' : 'sessions.end')}</button>
    </li>`)}</ul>`}
    <button type="button" class="button button-danger" onClick=${endAll}>${t('sessions.end_all')}</button>
  </div>`;
}
