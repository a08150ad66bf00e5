// What a conversation is called and what its line in a list says.
import { t } from './i18n.js';
import { firstWords } from './text.js';

export function titleOf(/** @type {any} */ c) {
  return c.kind === 'note' ? t('naming.note') : c.name;
}

/** For `Avatar`: the other person, or the group by its name. */
export function avatarOf(/** @type {any} */ c, /** @type {any} */ me) {
  if (c.kind === 'note') return { user: me };
  return c.with ? { user: c.with } : { name: c.name, group: true };
}

/** The last message in a few words, with its author where that is not plain. @returns {{who: string, text: string, icon?: string}|null} */
export function lastLine(/** @type {any} */ c, /** @type {string} */ username) {
  const { last } = c;
  if (!last) return null;
  const own = last.author.username === username;
  let who = '';
  if (c.kind !== 'note' && own) who = t('naming.you');
  else if (!own && c.kind !== 'direct') who = String(last.author.name).split(' ')[0];
  if (last.deleted) return { who, text: t('naming.deleted'), icon: 'trash' };
  if (last.file) return { who, text: last.text ? firstWords(last.text, 80) : last.file.name, icon: /^image\//.test(last.file.media_type) ? 'image' : 'file' };
  return { who, text: firstWords(last.text, 80) };
}
