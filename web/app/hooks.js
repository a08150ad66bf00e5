// Incoming addresses: a program posts text there and it becomes a message here.
import { h, html, useEffect, useState } from '../vendor/preact.js';
import { api } from './api.js';
import { Dialog, confirmDialog, openDialog, useDeed } from './dialog.js';
import { errorText } from './errors.js';
import { Copyable, Field } from './forms.js';
import { t } from './i18n.js';
import { Icon } from './icons.js';
import { toastError } from './toast.js';

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
