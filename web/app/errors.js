// @ts-check
// What to tell a person about a failed request: our own words for the codes that pages meet often, else the server's,
// which come in the language that was asked for.
import { t } from './i18n.js';

/** Codes with an own sentence in the catalogue, as `error.CODE`. */
const KNOWN = new Set(['offline', 'wrong_password', 'user_unknown', 'username_taken', 'group_taken', 'group_unknown',
  'already_member', 'admin_only', 'not_allowed', 'too_many', 'too_many_attempts', 'gone', 'busy', 'unauthorized']);

export function errorText(/** @type {any} */ error) {
  if (error?.code === 'too_many_attempts' && error.retryAfter > 0) {
    return t('error.too_many_attempts_wait', { count: Math.ceil(error.retryAfter) });
  }
  if (KNOWN.has(error?.code)) return t(`error.${error.code}`);
  // A message that is only the code again says nothing.
  const said = [error?.message === error?.code ? '' : error?.message, error?.hint].filter(Boolean).join(' ');
  return said || t('error.other', { code: error?.code ?? '?' });
}

/** The form field an error is about, or null. A missing or invalid field is named by the hint or the message. */
export function errorField(/** @type {any} */ error, /** @type {string[]} */ fields) {
  const told = /** @type {Record<string, string>} */ ({ wrong_password: 'password', user_unknown: 'username', username_taken: 'username',
    group_taken: 'name', group_unknown: 'group' })[error?.code];
  if (told && fields.includes(told)) return told;
  if (!['missing_field', 'invalid_field', 'too_long'].includes(error?.code)) return null;
  return fields.find((f) => new RegExp(`\\b${f}\\b`, 'i').test(`${error.hint} ${error.message}`)) ?? null;
}
