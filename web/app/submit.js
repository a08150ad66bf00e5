// @ts-check
// From what stands in the composer to what is in the queue.
import { filesOf, randomKey, takeFiles } from './attachments.js';
import { interpret } from './commands.js';
import { confirmDialog } from './dialog.js';
import { draftOf, setDraft } from './drafts.js';
import { fmt, t } from './i18n.js';
import { navigate } from './router.js';
import { queue } from './session.js';
import { conversations, realm } from './state.js';
import { inline } from './text.js';
import { holdContents } from './uploads.js';

/** `@all` in a conversation with more people than this asks first. */
const ALL_ASKS = 5;
const encoder = new TextEncoder();

/** @param {string} text @returns {number} bytes over the limit; 0 = fits */
export function tooLong(text) {
  const limit = realm.value?.limits?.text_bytes ?? 65536;
  // Nothing of a third of the limit's length can be too long: counting is left out.
  return text.length * 3 <= limit ? 0 : Math.max(0, encoder.encode(text.trim()).length - limit);
}

/**
 * @param {string} id @param {string} typed
 * @returns {Promise<{sent: boolean, error?: string}>}
 */
export async function submit(id, typed) {
  const files = filesOf(id);
  if (!typed.trim() && !files.length) return { sent: false };
  if (tooLong(typed)) return { sent: false, error: t('composer.too_long', { over: fmt.bytes(tooLong(typed)) }) };
  const meant = interpret(typed.trim());
  if (meant.unknown) return { sent: false, error: t('composer.unknown_command', { name: meant.unknown }) };
  if (meant.wants) return { sent: false, error: t('composer.command_wants', { name: meant.wants }) };
  if (meant.go) { setDraft(id, { text: '' }); navigate(meant.go); return { sent: true }; }
  if (meant.help) { import('./shortcuts.js').then((/** @type {any} */ m) => m.openHelp?.()); return { sent: true }; }
  const text = meant.text ?? '';
  const members = conversations.value.get(id)?.members ?? 0;
  if (members > ALL_ASKS && inline(text).some((n) => n.username === 'all')) {
    const yes = await confirmDialog({ title: t('composer.all_title', { count: members }), action: t('composer.send') });
    if (!yes) return { sent: false };
  }
  enqueue(id, text, draftOf(id).replyTo);
  return { sent: true };
}

/** @param {string} id @param {string} text @param {number|null} reply_to */
function enqueue(id, text, reply_to) {
  const at = new Date().toISOString();
  const files = takeFiles(id);
  if (!files.length) { queue.add({ key: randomKey(), conversation: id, text, reply_to, at }); return; }
  files.forEach((file, i) => {
    holdContents(file.key, file.blob);
    queue.add({
      key: file.key, conversation: id, text: i ? '' : text, reply_to: i ? null : reply_to, at,
      file: { name: file.blob.name, size: file.blob.size, media_type: file.blob.type || 'application/octet-stream', width: file.width, height: file.height },
    });
  });
}
