// @ts-check
// What the page knows, as signals. They are written only by the functions of this file.
import { signal, computed, batch } from '../vendor/preact.js';
import { api } from './api.js';
import { chosen } from './prefs.js';

/** `undefined` not known yet, `null` signed out. */
export const me = signal(/** @type {any} */ (undefined));
export const realm = signal(/** @type {any} */ (null));
export const conversations = signal(/** @type {Map<string, any>} */ (new Map()));
/** False until the list came for the first time: a skeleton is shown. */
export const loaded = signal(false);
export const currentId = signal(/** @type {string|null} */ (null));
export const presence = signal(/** @type {Map<string, boolean>} */ (new Map()));
export const people = signal(/** @type {Map<string, any>} */ (new Map()));
export const typing = signal(/** @type {Map<string, Map<string, number>>} */ (new Map()));
export const connection = signal({ state: 'connecting', attempt: 0, retryAt: 0 });
export const panel = signal(/** @type {string|null} */ (null));
/** The window has the keyboard: only then is anything read. */
export const focused = signal(true);

export const current = computed(() => (currentId.value ? conversations.value.get(currentId.value) ?? null : null));
export const order = computed(() => [...conversations.value.values()]
  .sort((a, b) => (b.last?.at ?? '').localeCompare(a.last?.at ?? '')).map((c) => c.id));
export const totals = computed(() => {
  let unread = 0;
  let mentions = 0;
  for (const c of conversations.value.values()) { unread += c.unread; mentions += c.mentions; }
  return { unread, mentions };
});

const media = (/** @type {string} */ query) => {
  const list = matchMedia(query);
  const value = signal(list.matches);
  list.addEventListener('change', () => { value.value = list.matches; });
  return value;
};
export const narrow = media('(max-width: 760px)');
export const touch = media('(hover: none) and (pointer: coarse)');
export const calm = media('(prefers-reduced-motion: reduce)');

const focusNow = () => { focused.value = document.visibilityState === 'visible' && document.hasFocus(); };
focusNow();
addEventListener('focus', () => { focused.value = document.visibilityState === 'visible'; });
addEventListener('blur', () => { focused.value = false; });
document.addEventListener('visibilitychange', focusNow);

/** @param {any} user */
export function setMe(user) { me.value = user; }
/** @param {any} value */
export function setRealm(value) { realm.value = value; }
/** @param {string|null} id */
export function setCurrent(id) { currentId.value = id; }
/** @param {any} value */
export function setConnection(value) { connection.value = value; }

/** @param {any[]} list everything the server has: what is not in it is gone */
export function setConversations(list) {
  batch(() => {
    conversations.value = new Map(list.map((c) => [c.id, c]));
    loaded.value = true;
    putPeople(list.flatMap((c) => (c.with ? [c.with] : [])));
  });
}

/** @param {any} conversation its `last` may be missing or null in an event: then the known one stays */
export function putConversation(conversation) {
  const known = conversations.value.get(conversation.id);
  const next = new Map(conversations.value);
  next.set(conversation.id, { ...known, ...conversation, last: conversation.last ?? known?.last ?? null });
  batch(() => {
    conversations.value = next;
    if (conversation.with) putPeople([conversation.with]);
  });
}

/** @param {string} id @param {(c: any) => any} change */
export function changeConversation(id, change) {
  const known = conversations.value.get(id);
  if (!known) return;
  const next = new Map(conversations.value);
  next.set(id, { ...known, ...change(known) });
  conversations.value = next;
}

/** @param {string} id */
export function dropConversation(id) {
  const next = new Map(conversations.value);
  next.delete(id);
  conversations.value = next;
}

/** @param {any[]} users */
export function putPeople(users) {
  if (!users.length) return;
  const next = new Map(people.value);
  const active = new Map(presence.value);
  for (const user of users) {
    next.set(user.username, { ...next.get(user.username), ...user });
    if (typeof user.active === 'boolean') active.set(user.username, user.active);
  }
  batch(() => { people.value = next; presence.value = active; });
}

/** @param {string} username @param {boolean} active */
export function setActive(username, active) {
  presence.value = new Map(presence.value).set(username, active);
}
/** @param {string} username */
export function isActive(username) { return presence.value.get(username) ?? false; }

/** @param {string} conversation @param {string} username @param {number} until ms; 0 = stopped */
export function setTyping(conversation, username, until) {
  const inside = new Map(typing.value.get(conversation) ?? []);
  if (until) inside.set(username, until); else inside.delete(username);
  typing.value = new Map(typing.value).set(conversation, inside);
}

/** @param {string|null} name */
export function openPanel(name) { panel.value = name; }

/** @param {Parameters<typeof chosen>[1]} name @returns {any} */
export function setting(name) { return chosen(me.value?.settings, name); }

/** @param {string} name @param {unknown} value */
export async function saveSetting(name, value) {
  const before = me.value;
  const settings = { ...before.settings, [name]: value };
  me.value = { ...before, settings };
  try {
    setMe(await api.patch('/me', { settings }));
  } catch (error) {
    me.value = before;
    throw error;
  }
}

/** Forgets everything of the person who was signed in. */
export function forget() {
  batch(() => {
    conversations.value = new Map();
    loaded.value = false;
    people.value = new Map();
    presence.value = new Map();
    typing.value = new Map();
    currentId.value = null;
    panel.value = null;
  });
}
