// What an admin changes about a group: its name and who can find it.
import { h, html, useState } from '../vendor/preact.js';
import { api } from './api.js';
import { useDeed } from './dialog.js';
import { errorField, errorText } from './errors.js';
import { Choice, Field } from './forms.js';
import { t } from './i18n.js';
import { putConversation } from './state.js';
import { toast } from './toast.js';

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
