// Invitation links of a group: made with an end and a number of uses, listed, taken back.
import { h, html, useEffect, useState } from '../vendor/preact.js';
import { api } from './api.js';
import { Dialog, openDialog, useDeed } from './dialog.js';
import { errorText } from './errors.js';
import { Choice, Copyable, Field } from './forms.js';
import { fmt, t } from './i18n.js';
import { Icon } from './icons.js';
import { toastError } from './toast.js';

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
