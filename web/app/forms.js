// @ts-check
// Pieces of forms: a labelled field with its hint and error, a password that can be shown, a copyable text, choices.
import { h, html, useId, useState } from '../vendor/preact.js';
import { t } from './i18n.js';
import { Icon, styled, toast } from './ui.js';

/** A field with a visible label. `error` is tied to the input, so that it is read out with it. */
export function Field(/** @type {any} */ { label, hint, error, optional, children, ...input }) {
  const id = useId();
  const told = [hint && `${id}h`, error && `${id}e`].filter(Boolean).join(' ') || undefined;
  const shared = { id, 'aria-describedby': told, 'aria-invalid': error ? 'true' : undefined, ...input };
  return html`<div class=${error ? 'field field-wrong' : 'field'}>
    <label class="field-label" for=${id}>${label}${optional && html` <span class="field-optional">${t('forms.optional')}</span>`}</label>
    ${children ? children(shared) : h('input', { class: 'field-input', type: 'text', ...shared })}
    ${hint && html`<p class="field-hint" id=${`${id}h`}>${hint}</p>`}
    ${error && html`<p class="field-error" id=${`${id}e`}>${h(Icon, { name: 'alert' })}<span>${error}</span></p>`}
  </div>`;
}

export function Password(/** @type {any} */ props) {
  const [shown, setShown] = useState(false);
  return h(Field, { ...props, children: (/** @type {any} */ input) => html`<span class="field-with">
    ${h('input', { class: 'field-input', autocapitalize: 'none', spellcheck: false, ...input, type: shown ? 'text' : 'password' })}
    <button type="button" class="icon-button" aria-pressed=${shown} aria-label=${t('forms.show_password')}
      onClick=${() => setShown(!shown)}>${h(Icon, { name: shown ? 'eye-off' : 'eye' })}</button>
  </span>` });
}

/** One of a few: radio buttons drawn as a row of segments. */
export function Choice(/** @type {any} */ { label, name, value, options, onChoose, hint }) {
  return html`<fieldset class="segments">
    <legend class="field-label">${label}</legend>
    <div class="segments-row">
      ${options.map((/** @type {[string, string]} */ [key, text]) => html`<label class="segment" key=${key}>
        <input type="radio" name=${name} value=${key} checked=${value === key} onChange=${() => onChoose(key)} /><span>${text}</span>
      </label>`)}
    </div>
    ${hint && html`<p class="field-hint">${hint}</p>`}
  </fieldset>`;
}

export function Switch(/** @type {any} */ { label, hint, checked, onChange, disabled }) {
  const id = useId();
  return html`<div class="switch-row">
    <label for=${id} class="switch-text"><span class="field-label">${label}</span>${hint && html`<span class="field-hint">${hint}</span>`}</label>
    <input id=${id} class="switch" type="checkbox" role="switch" checked=${checked} disabled=${disabled}
      onChange=${(/** @type {any} */ e) => onChange(e.currentTarget.checked)} />
  </div>`;
}

export async function copy(/** @type {string} */ text) {
  try {
    await navigator.clipboard.writeText(text);
    toast(t('forms.copied'));
  } catch { toast(t('forms.copy_failed'), { error: true }); }
}

/** A command or link to take along. The text can be selected too: the clipboard needs a secure origin. */
export function Copyable(/** @type {any} */ { text, label, lines }) {
  return html`<div class="copyable">
    ${lines ? html`<pre class="copyable-text" tabindex="0" aria-label=${label}>${text}</pre>` : html`<code class="copyable-text">${text}</code>`}
    <button type="button" class="icon-button" aria-label=${t('forms.copy', { what: label })} onClick=${() => copy(text)}>${h(Icon, { name: 'copy' })}</button>
  </div>`;
}

await styled('pages');
