// @ts-check
// What a text means that begins with a slash or calls everyone: another text, a place to go to, a question first.
import { interpret } from './complete.js';
import { confirmDialog } from './dialog.js';
import { t } from './i18n.js';
import { navigate } from './router.js';
import { conversations, setDraft } from './state.js';
import { inline } from './text.js';

/** `@all` in a conversation with more people than this asks first. */
const ALL_ASKS = 5;

/**
 * @param {string} id @param {string} typed
 * @returns {Promise<{text?: string, done?: true, error?: string}>} `text`: to be sent; `done`: nothing is left to do
 */
export async function meaning(id, typed) {
  const meant = interpret(typed);
  if (meant.unknown) return { error: t('composer.unknown_command', { name: meant.unknown }) };
  if (meant.wants) return { error: t('composer.command_wants', { name: meant.wants }) };
  if (meant.go) { setDraft(id, { text: '' }); navigate(meant.go); return { done: true }; }
  if (meant.help) { (await import('./shortcuts.js')).openHelp(); return { done: true }; }
  const text = meant.text ?? '';
  const members = conversations.value.get(id)?.members ?? 0;
  if (members > ALL_ASKS && inline(text).some((n) => n.username === 'all')) {
    const yes = await confirmDialog({ title: t('composer.all_title', { count: members }), action: t('composer.send') });
    if (!yes) return {};
  }
  return { text };
}
