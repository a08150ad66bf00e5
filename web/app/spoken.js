// @ts-check
// A message as one sentence for those who hear it: author, time, text, attachment, reactions, edited, state.
import { fmt, t } from './i18n.js';
import { firstWords } from './text.js';

/** @param {any} m */
export function spoken(m) {
  const parts = [m.author.name, fmt.dateTime(m.at)];
  if (m.deleted) parts.push(t('message.deleted'));
  if (m.text) parts.push(firstWords(m.text, 600));
  if (m.file) parts.push(t('message.spoken_file', { name: m.file.name, size: fmt.bytes(m.file.size) }));
  for (const r of m.reactions ?? []) parts.push(t('message.spoken_reaction', { emoji: r.emoji, count: r.users.length }));
  if (m.edited_at && !m.deleted) parts.push(t('message.edited'));
  if (m.pending) parts.push(t(`message.state_${m.pending}`));
  return parts.filter(Boolean).join(', ');
}
