// @ts-check
// What deserves a look from outside the page: the number in the title and which message rings. Pure.

/** Everything said to the person alone, and every mention elsewhere. @param {Iterable<any>} conversations */
export function waiting(conversations) {
  let count = 0;
  for (const c of conversations) count += c.kind === 'direct' ? c.unread : c.mentions;
  return count;
}

/** @param {{count: number, place: string|null, realm: string}} what */
export function titleText({ count, place, realm }) {
  return `${count ? `(${count}) ` : ''}${place ? `${place} – ` : ''}${realm}`;
}

/**
 * @param {{message: any, conversation: any, username: string, named: boolean, watching: boolean}} what `watching`: this
 *   conversation is open in a window that has the keyboard
 */
export function rings({ message, conversation, username, named, watching }) {
  if (watching || message.deleted || message.author.username === username) return false;
  return conversation.kind === 'direct' || named;
}
