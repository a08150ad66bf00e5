// One's own account: name, country, password.
import { h, html } from '../vendor/preact.js';
import { api } from './api.js';
import { Avatar } from './avatar.js';
import { useDeed } from './dialog.js';
import { errorField, errorText } from './errors.js';
import { Field, Password } from './forms.js';
import { t } from './i18n.js';
import { me, setMe } from './state.js';
import { toast } from './toast.js';

export function Account() {
  return html`${h(Profile, {})}${h(NewPassword, {})}`;
}

function Profile() {
  const { busy, error, run } = useDeed();
  const fields = ['name', 'country'];
  const wrong = (/** @type {string} */ f) => (errorField(error, fields) === f ? errorText(error) : undefined);
  const submit = (/** @type {any} */ event) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    run(async () => {
      setMe(await api.patch('/me', { name: String(form.get('name')).trim(), country: String(form.get('country')).trim() || null }));
      toast(t('settings.saved'));
    });
  };
  return html`<form class="settings-form" onSubmit=${submit}>
    <div class="settings-who">${h(Avatar, { user: me.value, size: 'l' })}<span class="row-text"><bdi class="row-name">${me.value.name}</bdi><span class="row-more">@<bdi>${me.value.username}</bdi>${me.value.role === 'administrator' && html` · ${t('settings.administrator')}`}</span></span></div>
    ${h(Field, { label: t('auth.name'), name: 'name', autocomplete: 'name', maxlength: 64, required: true, value: me.value.name, error: wrong('name') })}
    ${h(Field, { label: t('auth.country'), name: 'country', autocomplete: 'country-name', optional: true, maxlength: 64, value: me.value.country ?? '', error: wrong('country') })}
    <div role="alert">${error && !errorField(error, fields) && html`<p class="form-error">${errorText(error)}</p>`}</div>
    <button type="submit" class="button button-primary" disabled=${busy}>${t('settings.save')}</button>
  </form>`;
}

function NewPassword() {
  const { busy, error, run } = useDeed();
  const submit = (/** @type {any} */ event) => {
    event.preventDefault();
    const form = event.currentTarget;
    const { old, fresh } = Object.fromEntries(new FormData(form));
    run(async () => {
      await api.post('/me/password', { old, new: fresh });
      form.reset();
      toast(t('settings.password_changed'));
    });
  };
  const field = error?.code === 'wrong_password' ? 'old' : errorField(error, ['new']);
  return html`<form class="settings-form" onSubmit=${submit}>
    <h3>${t('settings.password')}</h3>
    <p class="field-hint">${t('settings.password_hint')}</p>
    <input type="text" name="username" autocomplete="username" value=${me.value.username} hidden readonly />
    ${h(Password, { label: t('settings.password_old'), name: 'old', autocomplete: 'current-password', required: true, error: field === 'old' && errorText(error) })}
    ${h(Password, { label: t('settings.password_new'), name: 'fresh', autocomplete: 'new-password', required: true, error: field === 'new' && errorText(error) })}
    <div role="alert">${error && !field && html`<p class="form-error">${errorText(error)}</p>`}</div>
    <button type="submit" class="button" disabled=${busy}>${t('settings.password_change')}</button>
  </form>`;
}
