// @ts-check
// From opening the page to signing out: who is here, what is loaded, what is told to whom.
import { batch } from '../vendor/preact.js';
import { api, onUnauthorized } from './api.js';
import { onEvent, startEvents, stopEvents, watchConnection } from './events.js';
import { closeDrafts, openDrafts } from './drafts.js';
import { makeQueue } from './queue.js';
import { navigate, route } from './router.js';
import { connection, forget, me, setConversations, setMe, setRealm } from './state.js';
import { dropTimelines, forgetTimelines, knownTimeline } from './timelines.js';
import { releaseContents, uploadFile, uploading } from './uploads.js';

const storage = {
  getItem: (/** @type {string} */ k) => localStorage.getItem(k),
  setItem: (/** @type {string} */ k, /** @type {string} */ v) => localStorage.setItem(k, v),
  removeItem: (/** @type {string} */ k) => localStorage.removeItem(k),
  keys: () => Object.keys(localStorage),
};

export const queue = makeQueue({
  storage,
  upload: uploadFile,
  send: (item) => api.post(`/conversations/${encodeURIComponent(item.conversation)}/messages`,
    { text: item.text, upload: item.upload, reply_to: item.reply_to ?? undefined, key: item.key }),
  delivered: (message, item) => batch(() => {
    releaseContents(item.key);
    knownTimeline(item.conversation)?.arrived(message);
  }),
});

async function loadConversations() {
  const answer = await api.get('/conversations').catch(() => null);
  if (answer) setConversations(answer.conversations);
}

function wire() {
  onUnauthorized(() => { if (me.value) ended(); });
  onEvent('session_ended', ended);
  onEvent('hello', () => { queue.wake(); });
  onEvent('resync', () => { loadConversations(); forgetTimelines(); });
  onEvent('message', ({ message }) => {
    if (message.key) { queue.acknowledged(message.key); releaseContents(message.key); }
    knownTimeline(message.conversation)?.arrived(message);
  });
  onEvent('changed', ({ message }) => knownTimeline(message.conversation)?.changed(message));
  // A queue of another tab that emptied an item: the server has it.
  addEventListener('storage', (event) => {
    const key = /^kabar\.out\.[^.]*.*\.([^.]+)$/.exec(event.key ?? '')?.[1];
    if (key && event.newValue === null) queue.acknowledged(key);
    if (event.key === 'kabar.signedout' && me.value) ended();
  });
  addEventListener('beforeunload', (event) => { if (uploading()) event.preventDefault(); });
  watchConnection();
}

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
    const last = localStorage.getItem('kabar.me');
    if (last) { signedIn(JSON.parse(last)); return; }
  }
  if (who) { signedIn(who); return; }
  // The page somebody came for is opened after signing in (auth.js).
  if (!OPEN_PAGES.has(route.value.page)) sessionStorage.setItem('kabar.after', location.pathname + location.search);
  setMe(null);
  toSignIn();
}

/** @param {any} user as `/me` shows it */
export function signedIn(user) {
  setMe(user);
  try { localStorage.setItem('kabar.me', JSON.stringify(user)); } catch { /* only for a start without the server */ }
  openDrafts(user.username);
  queue.open(user.username);
  loadConversations();
  // What came between the list and the stream would be missed: the list is asked for again when the stream begins.
  let first = true;
  const stop = onEvent('hello', () => { if (first) loadConversations(); first = false; stop(); });
  startEvents();
}

/** Ends the session on the server too. */
export async function signOut() {
  await api.del('/sessions/current').catch(() => {});
  queue.close(true);
  closeDrafts(true);
  localStorage.setItem('kabar.signedout', String(Date.now()));
  ended();
}

/** The session is over; drafts and what is unsent stay for the next sign-in of the same person. */
function ended() {
  stopEvents();
  localStorage.removeItem('kabar.me');
  batch(() => {
    queue.close(false);
    closeDrafts(false);
    dropTimelines();
    forget();
    setMe(null);
  });
  toSignIn();
}

const OPEN_PAGES = new Set(['signin', 'register', 'setup', 'invitation']);
function toSignIn() {
  if (!OPEN_PAGES.has(route.value.page)) navigate('/app/signin', { replace: true });
}
export { connection };
