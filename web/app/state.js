// @ts-check
// What the page knows, as signals, and how it comes to know it: settings, conversations, drafts, events, signing in and out.
// The signals are written only by the functions of this file.
import { batch, computed, effect, signal } from '../vendor/preact.js';
import { t } from './i18n.js';
import { api, ApiError, contents, deviceStorage, emit, makeQueue, onEvent, onUnauthorized, openPages, setPerson, startEvents, stopEvents, watchConnection } from './net.js';
import { navigate, route } from './router.js';
import { toast } from './ui.js';

/** Every setting with what holds until it is chosen. */
export const DEFAULTS = Object.freeze({
  enterSends: true,
  typing: true,
  notifications: false,
  letterShortcuts: false,
  sound: false,
});

/** @param {Record<string, unknown>|undefined|null} settings @param {keyof typeof DEFAULTS} name */
export function chosen(settings, name) {
  const value = settings?.[name];
  return typeof value === typeof DEFAULTS[name] ? value : DEFAULTS[name];
}

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
export const panel = signal(/** @type {string|null} */ (null));
/**
 * The room this page is in; `here` is false until the server has let it in (again). One leaves by losing the connection,
 * so the wish is kept, also over a reload of this tab. rooms.js goes in and out.
 */
export const stay = signal(/** @type {{id: string, name: string, here: boolean, people: any[]}|null} */ (null));
/** The window has the keyboard: only then is anything read. */
export const focused = signal(true);

export const current = computed(() => (currentId.value ? conversations.value.get(currentId.value) ?? null : null));
/** The room comes first: it is there only for now. */
export const order = computed(() => [...conversations.value.values()]
  .sort((a, b) => Number(b.kind === 'room') - Number(a.kind === 'room') || (b.last?.at ?? '').localeCompare(a.last?.at ?? '')).map((c) => c.id));
/** Which part of the list is shown: `all`, `direct` or `group`. */
export const filter = signal('all');
/** The ids of the list as it is shown: the shortcuts walk along it. */
export const shownIds = () => order.value.filter((id) => shownIn(conversations.value.get(id), filter.value));

export const totals = computed(() => {
  let unread = 0;
  let mentions = 0;
  for (const c of conversations.value.values()) { unread += c.unread; mentions += c.mentions; }
  return { unread, mentions };
});

/** @param {any} c @param {string} part */
export function shownIn(c, part) {
  if (part === 'all') return true;
  return part === 'direct' ? c.kind === 'direct' || c.kind === 'note' : c.kind === 'group' || c.kind === 'room';
}

const media = (/** @type {string} */ query) => {
  const list = globalThis.matchMedia?.(query);
  const value = signal(list?.matches ?? false);
  list?.addEventListener('change', () => { value.value = list.matches; });
  return value;
};
export const narrow = media('(max-width: 760px)');
export const touch = media('(hover: none) and (pointer: coarse)');
export const calm = media('(prefers-reduced-motion: reduce)');

const focusNow = () => { focused.value = document.visibilityState === 'visible' && document.hasFocus(); };
if (typeof document !== 'undefined') {
  focusNow();
  addEventListener('focus', () => { focused.value = document.visibilityState === 'visible'; });
  addEventListener('blur', () => { focused.value = false; });
  document.addEventListener('visibilitychange', focusNow);
}

/** @param {any} user */
export function setMe(user) { me.value = user; }
/** @param {any} value */
export function setRealm(value) { realm.value = value; }
/** @param {string|null} id */
export function setCurrent(id) { currentId.value = id; }

/** What was heard of each conversation while a list was on its way, which may be older; `null`: it is gone. @type {Set<Map<string, any>>} */
const listening = new Set();
/** @param {string} id @param {any} told */
const heard = (id, told) => { for (const said of listening) said.set(id, told && { ...said.get(id), ...told }); };

/** A list is asked for: the answer is the function that takes it, over which what was told meanwhile stands. */
export function awaitList() {
  const said = new Map();
  listening.add(said);
  return (/** @type {any[]|null} */ list) => {
    listening.delete(said);
    if (!list) return;
    const known = conversations.peek();
    const listed = new Set(list.map((c) => c.id));
    const come = [...said].filter(([id, told]) => told?.id && !listed.has(id)).map(([id]) => known.get(id));
    setConversations([...come, ...list.filter((c) => said.get(c.id) !== null).map((c) => ({ ...c, ...said.get(c.id) }))]);
  };
}

/** @param {any[]} list everything the server has: what is not in it is gone */
export function setConversations(list) {
  batch(() => {
    // The list has no room that is only looked at, nor one that is entered at this moment.
    const rooms = [...conversations.peek().values()].filter((c) => c.kind === 'room' && (c.id === currentId.peek() || c.id === stay.peek()?.id));
    conversations.value = new Map([...rooms, ...list].map((c) => [c.id, c]));
    loaded.value = true;
    putPeople(list.flatMap((c) => (c.with ? [c.with] : [])));
  });
}

/** @param {any} conversation its `last` may be missing or null in an event: then the known one stays */
export function putConversation(conversation) {
  const known = conversations.value.get(conversation.id);
  const next = new Map(conversations.value);
  const { last, ...told } = conversation;
  heard(conversation.id, last ? conversation : told);
  next.set(conversation.id, { ...known, ...conversation, last: last ?? known?.last ?? null });
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
  const told = change(known);
  heard(id, told);
  next.set(id, { ...known, ...told });
  conversations.value = next;
}

/** @param {string} id */
export function dropConversation(id) {
  const next = new Map(conversations.value);
  heard(id, null);
  next.delete(id);
  conversations.value = next;
}

/** @param {any[]} users */
export function putPeople(users) {
  // Every message brings its author: what is known already must not have the whole page drawn again.
  const fresh = users.filter((user) => Object.entries(user).some(([key, value]) => people.peek().get(user.username)?.[key] !== value));
  const moved = users.filter((user) => typeof user.active === 'boolean' && presence.peek().get(user.username) !== user.active);
  batch(() => {
    if (fresh.length) people.value = new Map([...people.peek(), ...fresh.map((user) => /** @type {[string, any]} */ ([user.username, { ...people.peek().get(user.username), ...user }]))]);
    if (moved.length) presence.value = new Map([...presence.peek(), ...moved.map((user) => /** @type {[string, boolean]} */ ([user.username, user.active]))]);
  });
}

/** @param {string} username @param {boolean} active */
export function setActive(username, active) {
  if (presence.peek().get(username) !== active) presence.value = new Map(presence.peek()).set(username, active);
}
/** @param {string} username */
export function isActive(username) { return presence.value.get(username) ?? false; }

/** @param {string} conversation @param {string} username @param {number} until ms; 0 = stopped */
export function setTyping(conversation, username, until) {
  if (!until && !typing.peek().get(conversation)?.has(username)) return;
  const inside = new Map(typing.value.get(conversation) ?? []);
  if (until) inside.set(username, until); else inside.delete(username);
  typing.value = new Map(typing.value).set(conversation, inside);
  // Who goes away while writing says nothing more.
  if (until) setTimeout(() => { if (typing.peek().get(conversation)?.get(username) === until) setTyping(conversation, username, 0); }, until - Date.now());
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

const ROOM = 'kabar.room';
/** @param {typeof stay.value} value */
export function setStay(value) {
  stay.value = value;
  if (value) sessionStorage.setItem(ROOM, JSON.stringify({ id: value.id, name: value.name, user: me.peek()?.username }));
  else sessionStorage.removeItem(ROOM);
}

/** The room this tab was in before it was loaded again. @param {string} username */
function recallStay(username) {
  try {
    const { id, name, user } = JSON.parse(sessionStorage.getItem(ROOM) ?? '');
    if (user === username) stay.value = { id, name, here: false, people: [] };
  } catch { /* in none */ }
}

/** Forgets everything of the person who was signed in. */
export function forget() {
  batch(() => {
    setStay(null);
    conversations.value = new Map();
    loaded.value = false;
    people.value = new Map();
    presence.value = new Map();
    typing.value = new Map();
    currentId.value = null;
    panel.value = null;
  });
}

/** @typedef {{text: string, replyTo: number|null}} Draft */
export const drafts = signal(/** @type {Map<string, Draft>} */ (new Map()));
let owner = '';
const key = () => `kabar.drafts.${owner}`;
const NONE = Object.freeze({ text: '', replyTo: null });

/** @param {string} username */
export function openDrafts(username) {
  owner = username;
  read();
}

/** @param {boolean} forget */
export function closeDrafts(forget) {
  if (forget && owner) localStorage.removeItem(key());
  owner = '';
  drafts.value = new Map();
}

/** @param {string} id @returns {Draft} */
export function draftOf(id) { return drafts.value.get(id) ?? NONE; }

/** @param {string} id @param {Partial<Draft>} change */
export function setDraft(id, change) {
  const draft = { ...draftOf(id), ...change };
  const next = new Map(drafts.value);
  if (draft.text.trim() || draft.replyTo) next.set(id, draft); else next.delete(id);
  drafts.value = next;
  if (!owner) return;
  try { localStorage.setItem(key(), JSON.stringify([...next])); } catch { /* full: it is still in memory */ }
}

function read() {
  try { drafts.value = new Map(JSON.parse(localStorage.getItem(key()) ?? '[]')); } catch { drafts.value = new Map(); }
}

if (typeof addEventListener === 'function') {
  addEventListener('storage', (event) => { if (owner && event.key === key()) read(); });
}

const TYPING_MS = 6_000;

/** An event of the server changes what is known. @param {any} frame */
export function apply(frame) {
  switch (frame.type) {
    case 'hello':
      if (frame.me) setMe(frame.me);
      break;
    case 'message': {
      putConversation({ ...frame.conversation, last: frame.message });
      putPeople([frame.message.author]);
      setTyping(frame.message.conversation, frame.message.author.username, 0);
      break;
    }
    case 'changed':
      changeConversation(frame.message.conversation, (c) => (c.last?.seq === frame.message.seq ? { last: frame.message } : {}));
      break;
    case 'read':
      changeConversation(frame.conversation, (c) => (frame.seq < c.read_seq ? {} : { read_seq: frame.seq, unread: frame.unread, mentions: frame.mentions }));
      break;
    case 'conversation': putConversation(frame.conversation); break;
    case 'left':
      if (stay.peek()?.id === frame.conversation) setStay(null);
      // What was said in a room may still be read by who looks at it.
      if (currentId.peek() !== frame.conversation || current.peek()?.kind !== 'room') dropConversation(frame.conversation);
      break;
    case 'presence': setActive(frame.username, frame.active); break;
    case 'typing':
      if (frame.username !== me.value?.username) setTyping(frame.conversation, frame.username, Date.now() + TYPING_MS);
      break;
    default: // newer servers may tell more than this page understands
  }
}

onEvent('*', apply);

export const queue = makeQueue({
  storage: deviceStorage,
  pages: openPages(),
  upload: async (item, progress) => (await import('./files.js')).uploadFile(item, progress),
  send: (item) => {
    const mine = () => stay.peek()?.id === item.conversation;
    // On the way back into the room: it waits like anything that is written without a connection.
    if (mine() && !stay.peek()?.here) return Promise.reject(new ApiError({ code: 'offline' }));
    return api.post(`/conversations/${encodeURIComponent(item.conversation)}/messages`,
      { text: item.text, upload: item.upload, reply_to: item.reply_to ?? undefined, key: item.key })
      .catch((error) => { throw error.code === 'not_member' && mine() ? new ApiError({ code: 'offline' }) : error; });
  },
  delivered: (message, item) => batch(() => {
    contents.delete(item.key);
    emit('delivered', { message });
  }),
});

const LOAD_AGAIN_MS = 5_000;
let loads = 0;

/** At every beginning of the stream, too: what is caught up are messages, not who read, joined, left or is there. */
async function loadConversations() {
  const turn = loads += 1;
  const take = awaitList();
  const answer = await api.get('/conversations').catch(() => null);
  const latest = turn === loads && Boolean(me.peek());
  take(latest && answer ? answer.conversations : null);
  if (!answer && latest && !loaded.peek()) setTimeout(() => { if (turn === loads && me.peek()) loadConversations(); }, LOAD_AGAIN_MS);
}

/** What cannot be sent to a conversation that one is no longer in has no place to be shown: it is told and let go. */
function tellHomeless() {
  const gone = queue.items.value.filter((i) => i.state === 'failed' && !conversations.value.has(i.conversation) && stay.value?.id !== i.conversation);
  if (loaded.value && gone.length) import('./unsent.js').then((m) => m.tellGone(gone.filter((i) => queue.find(i.key))), () => {});
}

function wire() {
  onUnauthorized(ended);
  onEvent('session_ended', ended);
  onEvent('hello', () => { queue.wake(); loadConversations(); });
  onEvent('message', ({ message }) => {
    if (message.key) { queue.acknowledged(message.key); contents.delete(message.key); }
  });
  addEventListener('storage', ({ key, newValue }) => {
    queue.noticed(key, newValue);
    const own = me.peek()?.username;
    if (!own || !newValue) return;
    if (key === SIGNED_OUT && newValue.startsWith(`${own} `)) leave(true);
    // Somebody else has signed in on another tab: the session is theirs now.
    if (key === LAST_ME && nameIn(newValue) !== own) ended();
  });
  addEventListener('beforeunload', (event) => { if (queue.items.peek().some((i) => i.file && !i.upload && i.state === 'sending')) event.preventDefault(); });
  effect(tellHomeless);
  watchConnection();
}

const NOTIFICATIONS_MS = 500;
const LAST_ME = 'kabar.me';
const SIGNED_OUT = 'kabar.signedout';
/** @param {string|null} stored */
const nameIn = (stored) => { try { return JSON.parse(stored ?? '').username; } catch { return null; } };

/** Who is here? Shows the sign-in page when nobody is. */
export async function startSession() {
  wire();
  const [who, realm] = await Promise.all([
    api.get('/me', { quiet: true }).catch((e) => (e.status === 401 ? null : undefined)),
    api.get('/realm').catch(() => null),
  ]);
  setRealm(realm);
  if (who === undefined) {
    // Not reached: the person of the last time, from what this device knows, until the server answers.
    const last = localStorage.getItem(LAST_ME);
    if (last && nameIn(last)) { signedIn(JSON.parse(last)); return; }
  }
  const { page } = route.value;
  if (who) {
    signedIn(who);
    if (page === 'signin' || page === 'register') navigate('/app', { replace: true });
    return;
  }
  setMe(null);
  if (['signin', 'register', 'setup', 'invitation'].includes(page)) return;
  // The page somebody came for is opened after signing in (auth.js).
  sessionStorage.setItem('kabar.after', location.pathname + location.search);
  navigate('/app/signin', { replace: true });
}

/** @param {any} user as `/me` shows it */
export function signedIn(user) {
  setPerson(user.username);
  setMe(user);
  try { localStorage.setItem(LAST_ME, JSON.stringify(user)); } catch { /* only for a start without the server */ }
  openDrafts(user.username);
  recallStay(user.username);
  queue.open(user.username);
  loadConversations();
  startEvents();
}

/** The server is being asked to end the session; it said meanwhile that it has; this document is done with. */
let [asking, over, left] = [false, false, false];

/** Ends the session, here and on the server; a session that may live on is not called ended. */
export async function signOut(everywhere = false) {
  if (asking || left) return;
  [asking, over] = [true, false];
  const failed = await api.del(everywhere ? '/sessions' : '/sessions/current', { quiet: true }).then(() => null, (error) => (error.status === 401 ? null : error));
  asking = false;
  if (failed && !over) toast(t('settings.not_signed_out'), { error: true, action: t('message.retry'), onAction: () => signOut(everywhere) });
  else await leave(true);
}

/** The session is over, or another person's; drafts and what is unsent stay for the next sign-in of the same person. */
function ended() {
  if (asking) over = true; else if (me.peek()) leave(false);
}

/**
 * Begins anew with another document: the memory of this one is full of what one person may see.
 * @param {boolean} wanted signed out by the person: what is kept on the device goes as well
 */
async function leave(wanted) {
  if (left) return;
  left = true;
  const username = me.peek()?.username;
  stopEvents();
  if (nameIn(localStorage.getItem(LAST_ME)) === username) localStorage.removeItem(LAST_ME);
  if (wanted) localStorage.removeItem('kabar.last');
  batch(() => {
    queue.close(wanted);
    closeDrafts(wanted);
    forget();
    setMe(undefined);
  });
  if (wanted) localStorage.setItem(SIGNED_OUT, `${username} ${Date.now()}`);
  await Promise.race([closeNotifications().catch(() => {}), new Promise((done) => { setTimeout(done, NOTIFICATIONS_MS); })]);
  location.replace('/app/signin');
}

async function closeNotifications() {
  const worker = await navigator.serviceWorker?.getRegistration('/app');
  for (const shown of await worker?.getNotifications() ?? []) shown.close();
}
