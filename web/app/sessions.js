// Where one is signed in, and a token for the line dialects.
import { h, html, useEffect, useState } from '../vendor/preact.js';
import { api } from './api.js';
import { confirmDialog, useDeed } from './dialog.js';
import { errorText } from './errors.js';
import { Copyable } from './forms.js';
import { fmt, t } from './i18n.js';
import { Icon } from './icons.js';
import { signOut } from './session.js';
import { me } from './state.js';
import { commandsFor } from './terminal.js';
import { toastError } from './toast.js';

export function Sessions() {
  const [list, setList] = useState(/** @type {any[]|null} */ (null));
  const load = () => api.get('/sessions').then((answer) => setList(answer.sessions), toastError);
  useEffect(() => { load(); }, []);
  const end = (/** @type {any} */ s) => (s.current ? signOut() : api.del(`/sessions/${encodeURIComponent(s.id)}`).then(load, toastError));
  const endAll = async () => {
    const sure = await confirmDialog({ title: t('sessions.end_all'), text: t('sessions.end_all_text'), action: t('sessions.end_all'), danger: true });
    if (!sure) return;
    await api.del('/sessions').catch(toastError);
    await signOut();
  };
  return html`<div class="settings-form">
    <p class="field-hint">${t('sessions.text')}</p>
    ${list && html`<ul class="rows rows-lined">${list.map((s) => html`<li class="row" key=${s.id}>
      ${h(Icon, { name: 'key' })}
      <span class="row-text"><span class="row-name">${s.current ? t('sessions.this') : t('sessions.other')}</span>
        <span class="row-more">${t('sessions.since', { time: fmt.date(s.created_at) })} · ${t('sessions.used', { time: fmt.ago(s.used_at) })}</span></span>
      <button type="button" class="button button-small" onClick=${() => end(s)}>${t(s.current ? 'settings.sign_out' : 'sessions.end')}</button>
    </li>`)}</ul>`}
    <button type="button" class="button button-danger" onClick=${endAll}>${t('sessions.end_all')}</button>
  </div>`;
}

export function Terminal() {
  const { busy, error, run } = useDeed();
  const [token, setToken] = useState(/** @type {string|null} */ (null));
  const example = commandsFor(location, [`send ${token} ${me.value?.username} Halo`, `inbox ${token}`]);
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
      ${h(Copyable, { text: example, label: t('terminal.example'), lines: true })}
      <p class="field-hint">${t('terminal.port')}</p>
    </div>`}
  </div>`;
}
