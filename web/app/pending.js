// @ts-check
// What the queue holds for a conversation, in the shape of messages.
import { me } from './state.js';
import { queue } from './session.js';
import { contentsOf } from './uploads.js';

/** @type {WeakMap<object, any>} the same object for the same state, so that a row is not drawn twice */
const shapes = new WeakMap();
/** @type {WeakMap<Blob, string>} */
const addresses = new WeakMap();

/** @param {string} id */
export function pendingOf(id) {
  return queue.items.value.filter((i) => i.conversation === id).map((item) => {
    const known = shapes.get(item);
    if (known) return known;
    const blob = item.file ? contentsOf(item.key) : null;
    if (blob && !addresses.has(blob)) addresses.set(blob, URL.createObjectURL(blob));
    const shape = {
      key: item.key, conversation: id, seq: undefined, author: { username: me.value?.username, name: me.value?.name }, at: item.at,
      text: item.text, file: item.file ?? null, local: blob ? addresses.get(blob) : undefined, reply_to: item.reply_to, edited_at: null, deleted: false,
      reactions: [], pending: item.state, error: item.error, sent: item.sent, upload: item.upload,
    };
    shapes.set(item, shape);
    return shape;
  });
}
