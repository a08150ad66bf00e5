// @ts-check
// The event stream: one WebSocket, resumed from the last position, with growing pauses between tries.
import { batch } from '../vendor/preact.js';
import { pauseBefore } from './backoff.js';
import { changeConversation, connection, dropConversation, me, putConversation, putPeople, setActive, setConnection, setMe, setTyping } from './state.js';

/** A timer that fires this late means the machine slept. */
const SLEPT_MS = 30_000;
const HIDDEN_MS = 60_000;
const TYPING_MS = 6_000;

/** @type {WebSocket|null} */
let socket = null;
/** @type {string|null} */
let position = null;
let retryTimer = 0;
let running = false;
let hiddenSince = 0;
/** @type {Map<string, Set<(frame: any) => void>>} */
const listeners = new Map();

/** @param {string} type @param {(frame: any) => void} fn @returns {() => void} stops listening */
export function onEvent(type, fn) {
  if (!listeners.has(type)) listeners.set(type, new Set());
  listeners.get(type)?.add(fn);
  return () => { listeners.get(type)?.delete(fn); };
}

export function startEvents() {
  if (running) return;
  running = true;
  position = null;
  connect(0);
}

export function stopEvents() {
  running = false;
  clearTimeout(retryTimer);
  closeSocket();
}

/** Now, not after the countdown. */
export function retryNow() {
  if (!running) return;
  clearTimeout(retryTimer);
  connect(connection.value.attempt);
}

/** @param {object} frame */
export function sendFrame(frame) {
  if (socket?.readyState !== WebSocket.OPEN) return false;
  socket.send(JSON.stringify(frame));
  return true;
}

function closeSocket() {
  const old = socket;
  socket = null;
  old?.close();
}

/** @param {number} attempt */
function connect(attempt) {
  closeSocket();
  setConnection({ state: 'connecting', attempt, retryAt: 0 });
  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
  const since = position ? `?since=${encodeURIComponent(position)}` : '';
  const mine = new WebSocket(`${scheme}//${location.host}/api/v1/events${since}`);
  socket = mine;
  mine.onmessage = (event) => { if (socket === mine) receive(JSON.parse(event.data)); };
  mine.onclose = (event) => {
    if (socket !== mine || !running) return;
    socket = null;
    if (event.code === 4401) { emit('session_ended', {}); return; }
    retryLater(attempt + 1);
  };
}

/** @param {number} attempt */
function retryLater(attempt) {
  const pause = pauseBefore(attempt);
  setConnection({ state: navigator.onLine ? 'waiting' : 'offline', attempt, retryAt: Date.now() + pause });
  clearTimeout(retryTimer);
  retryTimer = setTimeout(() => connect(attempt), pause);
}

/** @param {any} frame */
function receive(frame) {
  batch(() => {
    apply(frame);
    emit(frame.type, frame);
  });
  if (frame.position) position = frame.position;
}

/** @param {any} frame */
function apply(frame) {
  switch (frame.type) {
    case 'hello':
      if (frame.me) setMe(frame.me);
      setConnection({ state: 'open', attempt: 0, retryAt: 0 });
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
      changeConversation(frame.conversation, (c) => (frame.seq >= c.last_seq ? { read_seq: frame.seq, unread: 0, mentions: 0 } : { read_seq: Math.max(frame.seq, c.read_seq) }));
      break;
    case 'conversation': putConversation(frame.conversation); break;
    case 'left': dropConversation(frame.conversation); break;
    case 'presence': setActive(frame.username, frame.active); break;
    case 'typing':
      if (frame.username !== me.value?.username) setTyping(frame.conversation, frame.username, Date.now() + TYPING_MS);
      break;
    default: // newer servers may tell more than this page understands
  }
}

/** @param {string} type @param {any} frame */
function emit(type, frame) {
  for (const fn of listeners.get(type) ?? []) fn(frame);
}

/** Watches the network, sleep and the tab: after each, the connection may be dead without saying so. */
export function watchConnection() {
  addEventListener('online', retryNow);
  addEventListener('offline', () => {
    if (!running) return;
    closeSocket();
    retryLater(connection.value.attempt + 1);
  });
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') { hiddenSince = Date.now(); return; }
    if (hiddenSince && Date.now() - hiddenSince > HIDDEN_MS) retryNow();
    hiddenSince = 0;
  });
  let last = Date.now();
  setInterval(() => {
    if (Date.now() - last > SLEPT_MS) retryNow();
    last = Date.now();
  }, 5_000);
}
