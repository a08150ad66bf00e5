// @ts-check
// The way to the server: requests, the event stream, the pauses between tries, and the queue of what is not sent yet.
// It carries answers and events and knows nothing of what they mean.
import { batch, signal } from '../vendor/preact.js';

const BASE = '/api/v1';
const TIMEOUT_MS = 20_000;

/** A refusal of the server, or `code: 'offline'` when it was not reached. */
export class ApiError extends Error {
  /** @param {{status?: number, code: string, message?: string, hint?: string, retryAfter?: number, offset?: number}} parts */
  constructor({ status = 0, code, message = '', hint = '', retryAfter = 0, offset }) {
    super(message || code);
    this.status = status;
    this.code = code;
    this.hint = hint;
    this.retryAfter = retryAfter;
    this.offset = offset;
  }

  /** Trying the same request again may help. */
  get temporary() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

let signedOut = () => {};
/** @param {() => void} fn called when a request is answered 401 although someone was signed in */
export function onUnauthorized(fn) { signedOut = fn; }

/** Whom this page takes itself for. Tabs share a cookie: when it becomes another person's, nothing may happen in their name. */
let person = '';
/** @param {string} username */
export function setPerson(username) { person = username; }

/**
 * @param {string} method @param {string} path @param {unknown} [body]
 * @param {{signal?: AbortSignal, quiet?: boolean}} [options] `quiet`: a 401 is not the end of the session
 */
async function request(method, path, body, options = {}) {
  const signals = [AbortSignal.timeout(TIMEOUT_MS)];
  if (options.signal) signals.push(options.signal);
  /** @type {Response} */
  let response;
  try {
    response = await fetch(BASE + path, {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      headers: {
        'Accept-Language': document.documentElement.lang || 'en',
        ...(person && { 'Kabar-User': encodeURIComponent(person) }),
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: signals.length > 1 && AbortSignal.any ? AbortSignal.any(signals) : options.signal ?? signals[0],
    });
  } catch (cause) {
    if (options.signal?.aborted) throw cause;
    probe();
    throw new ApiError({ code: 'offline' });
  }
  if (response.status === 204) return null;
  const answer = await response.json().catch(() => null);
  if (response.ok && answer !== null) return answer;
  const { code = 'failed', message = '', hint = '' } = answer?.error ?? {};
  if (response.status === 401 && code === 'unauthorized' && !options.quiet) signedOut();
  const offset = response.headers.get('Upload-Offset');
  throw new ApiError({
    status: response.status, code, message, hint,
    retryAfter: Number(response.headers.get('Retry-After') ?? 0), offset: offset === null ? undefined : Number(offset),
  });
}

export const api = {
  /** @param {string} path @param {object} [options] */
  get: (path, options) => request('GET', path, undefined, options),
  /** @param {string} path @param {unknown} [body] @param {object} [options] */
  post: (path, body = {}, options = {}) => request('POST', path, body, options),
  /** @param {string} path @param {unknown} body @param {object} [options] */
  patch: (path, body, options = {}) => request('PATCH', path, body, options),
  /** @param {string} path @param {unknown} [body] @param {object} [options] */
  put: (path, body = {}, options = {}) => request('PUT', path, body, options),
  /** @param {string} path @param {object} [options] */
  del: (path, options = {}) => request('DELETE', path, undefined, options),
};

const RETRY_FIRST_MS = 700;
const RETRY_MAX_MS = 30_000;

/** The pause before try number `attempt` (from 1): doubling, with jitter, at most 30 s. @param {number} attempt */
export function pauseBefore(attempt, random = Math.random()) {
  const whole = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** (attempt - 1));
  return Math.round(whole / 2 + (whole / 2) * random);
}

export const connection = signal({ state: 'connecting', attempt: 0, retryAt: 0 });

/** A timer that fires this late means the machine slept. */
const SLEPT_MS = 30_000;
const HIDDEN_MS = 60_000;
/** The server says something every 25 s: a stream that is silent for so long is dead, whatever the browser takes it for. */
const SILENT_MS = 60_000;
const PROBE_MS = 5_000;
const PROBED_MS = 30_000;

// The event stream: one WebSocket, resumed from the last position.
/** @type {WebSocket|null} */
let socket = null;
/** @type {string|null} */
let position = null;
let retryTimer = 0;
let running = false;
let hiddenSince = 0;
let silenceTimer = 0;
let silentAt = 0;
let probing = false;
/** What came before `hello` said to whom. @type {any[]|null} */
let early = null;
/** @type {Map<string, Set<(frame: any) => void>>} */
const listeners = new Map();

/**
 * Tells of frames of a type; `*` of every frame, before the others.
 * @param {string} type @param {(frame: any) => void} fn @returns {() => void} stops listening
 */
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
  clearTimeout(silenceTimer);
  const old = socket;
  socket = null;
  old?.close();
}

/** @param {number} attempt */
function connect(attempt) {
  closeSocket();
  connection.value = { state: 'connecting', attempt, retryAt: 0 };
  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
  const since = position ? `?since=${encodeURIComponent(position)}` : '';
  const mine = new WebSocket(`${scheme}//${location.host}/api/v1/events${since}`);
  socket = mine;
  early = [];
  expectFrame(TIMEOUT_MS);
  mine.onmessage = (event) => {
    if (socket !== mine) return;
    expectFrame(SILENT_MS);
    receive(JSON.parse(event.data));
  };
  mine.onclose = (event) => {
    if (socket !== mine || !running) return;
    closeSocket();
    if (event.code === 4401) { emit('session_ended', {}); return; }
    // Not let in, and a socket does not tell why: it may be that the session has ended meanwhile.
    if (early) api.get('/me').catch(() => {});
    retryLater(attempt + 1);
  };
}

/** @param {number} attempt */
function retryLater(attempt) {
  const pause = pauseBefore(attempt);
  connection.value = { state: navigator.onLine ? 'waiting' : 'offline', attempt, retryAt: Date.now() + pause };
  clearTimeout(retryTimer);
  retryTimer = setTimeout(() => connect(attempt), pause);
}

/** @param {number} ms until the stream counts as lost, unless something is heard */
function expectFrame(ms) {
  clearTimeout(silenceTimer);
  silentAt = Date.now() + ms;
  silenceTimer = setTimeout(lost, ms);
}

function lost() {
  if (!running) return;
  closeSocket();
  retryLater(connection.value.attempt + 1);
}

/** A request did not get through although the stream seems to be open: it may be dead as well. */
async function probe() {
  if (probing || connection.value.state !== 'open') return;
  probing = true;
  const [asked, through] = [socket, await fetch(`${BASE}/realm`, { cache: 'no-store', signal: AbortSignal.timeout(PROBE_MS) }).then(() => true, () => false)];
  probing = false;
  if (socket !== asked || connection.value.state !== 'open') return;
  if (!through) lost(); else expectFrame(Math.min(PROBED_MS, Math.max(0, silentAt - Date.now())));
}

/** @param {any} frame */
function receive(frame) {
  const { type } = frame;
  if (early && type !== 'hello') { early.push(frame); return; }
  if (type === 'hello' && person && frame.me && frame.me.username !== person) { signedOut(); return; }
  const frames = [...early ?? [], frame];
  early = null;
  batch(() => { for (const one of frames) deliver(one); });
}

/** @param {any} frame */
function deliver(frame) {
  if (frame.type === 'hello') connection.value = { state: 'open', attempt: 0, retryAt: 0 };
  emit('*', frame);
  emit(frame.type, frame);
  if (frame.position) position = frame.position;
}

/** @param {string} type @param {any} frame */
export function emit(type, frame) {
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

/** The files in the queue by client key: they cannot be stored, so a reload loses what was not yet sent. @type {Map<string, Blob>} */
export const contents = new Map();

const FIRST_PAUSE_MS = 1_000;
const PAUSE_MAX_MS = 20_000;
/** A server that fails at the same message so often will go on failing: the next one has its turn. */
const FAULTS_MAX = 5;

// What was written and is not yet acknowledged. It survives a reload, an outage and a restart of the server; the client
// key makes a second try harmless. Texts of one conversation go out one after another; files have a lane of their own.
// An item belongs to the page that took it in; when that page is gone, another one of the same person takes it up.

/** @typedef {{key: string, conversation: string, text: string, reply_to: number|null, at: string,
 *   state: 'waiting'|'sending'|'failed', error?: {code: string, message: string}, upload?: string,
 *   file?: {name: string, size: number, media_type: string, width: number|null, height: number|null},
 *   sent?: number, tries?: number, n?: number, page?: string}} Outgoing `n`: the order; `tries`: answers of a server that failed */

/** Which pages are open. @typedef {{own: string, gone: (page: string, fn: () => void) => void}} Pages `gone` runs `fn` once that page is closed */

/** Told apart by a lock that each holds as long as it lives; without locks (plain http) every other page counts as closed. @returns {Pages} */
export function openPages() {
  const own = [...crypto.getRandomValues(new Uint8Array(8))].map((b) => b.toString(16).padStart(2, '0')).join('');
  const locks = globalThis.navigator?.locks;
  // Asked for while the document goes, a lock is refused: then nobody waits for it.
  const hold = (/** @type {string} */ page, /** @type {() => Promise<any>} */ fn) => { locks?.request(`kabar.page/${page}`, fn)?.catch(() => {}); };
  hold(own, () => new Promise(() => {}));
  return { own, gone: (page, fn) => { if (locks) hold(page, async () => fn()); else fn(); } };
}

/**
 * @param {{storage: {getItem(k: string): string|null, setItem(k: string, v: string): void, removeItem(k: string): void, keys(): string[]},
 *   send: (item: Outgoing) => Promise<any>, upload: (item: Outgoing, progress: (sent: number) => void) => Promise<string>,
 *   delivered: (message: any, item: Outgoing) => void, wait?: (ms: number) => Promise<void>, pages: Pages}} parts
 */
export function makeQueue({ storage, send, upload, delivered, wait = pause, pages }) {
  const items = signal(/** @type {Outgoing[]} */ ([]));
  let owner = '';
  let wake = () => {};
  const running = new Set();
  /** Other pages that have something to send. */
  const watched = new Set();
  // No username has a slash: what belongs to `a` is not taken for that of `a.b`.
  const prefix = () => `kabar.out/${owner}/`;
  const address = (/** @type {string} */ key) => prefix() + key;
  const addresses = () => (owner ? storage.keys().filter((k) => k.startsWith(prefix())) : []);
  /** @returns {Outgoing[]} */
  const stored = () => addresses().map((k) => parse(storage.getItem(k))).filter(Boolean);

  /** @param {Outgoing} item */
  const store = (item) => {
    const { sent, tries, ...kept } = item;
    try { storage.setItem(address(item.key), JSON.stringify({ ...kept, state: kept.state === 'failed' ? 'failed' : 'waiting' })); } catch { /* full: it is still in memory */ }
  };
  /** @param {string} key @param {Partial<Outgoing>} change */
  const change = (key, change, keep = true) => {
    items.value = items.value.map((i) => (i.key === key ? { ...i, ...change } : i));
    const item = find(key);
    if (item && keep) store(item);
  };
  const find = (/** @type {string} */ key) => items.value.find((i) => i.key === key);
  const drop = (/** @type {string} */ key) => {
    items.value = items.value.filter((i) => i.key !== key);
    storage.removeItem(address(key));
  };

  /** Sends what waits in one lane, in order, until it is empty or something failed for good. @param {string} lane */
  async function run(lane) {
    if (running.has(lane)) return;
    running.add(lane);
    let tries = 0;
    try {
      for (;;) {
        const item = items.value.find((i) => laneOf(i) === lane && i.state === 'waiting');
        if (!item) return;
        change(item.key, { state: 'sending' }, false);
        try {
          await deliver(item);
          tries = 0;
        } catch (/** @type {any} */ error) {
          if (!find(item.key)) continue;
          const answers = (item.tries ?? 0) + (error.status > 0 ? 1 : 0);
          // 502 to 504 come from a proxy: the server is away, and will be back.
          const hopeless = error.status >= 500 && !(error.status >= 502 && error.status <= 504) && answers >= FAULTS_MAX;
          if (error.temporary === false || error.name === 'AbortError' || hopeless) {
            change(item.key, { state: 'failed', tries: 0, error: { code: error.code ?? 'failed', message: error.message ?? '' } });
            continue;
          }
          change(item.key, { state: 'waiting', tries: answers }, false);
          tries += 1;
          const ms = Math.max((error.retryAfter ?? 0) * 1e3, Math.min(PAUSE_MAX_MS, FIRST_PAUSE_MS * 2 ** (tries - 1)));
          await Promise.race([wait(ms), new Promise((/** @type {(v?: any) => void} */ r) => { wake = r; })]);
        }
      }
    } finally { running.delete(lane); }
  }

  /** @param {Outgoing} item */
  async function deliver(item) {
    let id = item.upload;
    if (item.file && !id) {
      id = await upload(item, (sent) => change(item.key, { sent }, false));
      if (!find(item.key)) return;
      change(item.key, { upload: id, sent: item.file.size });
    }
    const message = await send({ ...item, upload: id });
    drop(item.key);
    delivered(message, item);
  }

  const start = () => { for (const lane of new Set(items.value.map(laneOf))) run(lane); };

  /** What a closed page left becomes this one's. Its files are lost with it. @param {string} page @param {string} username whose it was then */
  function takeUp(page, username) {
    if (owner !== username) return;
    const left = stored().filter((i) => (i.page ?? '') === page && !find(i.key))
      .map((i) => /** @type {Outgoing} */ ({ ...i, page: pages.own, ...(i.file && !i.upload && { state: 'failed', error: { code: 'file_lost', message: '' } }) }));
    if (!left.length) return;
    for (const item of left) store(item);
    // By a number of our own: clocks are set back.
    items.value = [...items.value, ...left].sort((a, b) => (a.n ?? 0) - (b.n ?? 0) || a.at.localeCompare(b.at) || a.key.localeCompare(b.key));
    start();
  }
  /** @param {string} [page] */
  const watch = (page = '') => {
    if (page === pages.own || watched.has(page)) return;
    watched.add(page);
    const whose = owner;
    pages.gone(page, () => takeUp(page, whose));
  };

  return {
    items,
    /** Takes up what earlier pages of this person left. @param {string} username */
    open(username) {
      owner = username;
      watched.clear();
      for (const item of stored()) watch(item.page);
    },
    /** @param {Omit<Outgoing, 'state'>} item */
    add(item) {
      const n = Math.max(0, ...[...stored(), ...items.value].map((i) => i.n ?? 0)) + 1;
      const whole = /** @type {Outgoing} */ ({ ...item, n, page: pages.own, state: 'waiting' });
      items.value = [...items.value, whole];
      store(whole);
      run(laneOf(whole));
    },
    /** @param {string[]} keys */
    retry(...keys) {
      for (const key of keys) change(key, { state: 'waiting', tries: 0, error: undefined });
      start();
    },
    /** The server has it, told by the event stream. @param {string} key */
    acknowledged(key) { if (find(key)) drop(key); },
    /** Another page changed what is stored. @param {string|null} at @param {string|null} value */
    noticed(at, value) {
      if (!owner || !at?.startsWith(prefix())) return;
      if (value === null) this.acknowledged(at.slice(prefix().length)); else watch(parse(value)?.page);
    },
    drop,
    find,
    /** The way is open again. */
    wake() { wake(); start(); },
    /** @param {boolean} forget also remove what is stored, also by other pages */
    close(forget) {
      if (forget) for (const one of addresses()) storage.removeItem(one);
      items.value = [];
      owner = '';
    },
  };
}

/** What the device keeps, for all pages. */
export const deviceStorage = {
  getItem: (/** @type {string} */ k) => localStorage.getItem(k),
  setItem: (/** @type {string} */ k, /** @type {string} */ v) => localStorage.setItem(k, v),
  removeItem: (/** @type {string} */ k) => localStorage.removeItem(k),
  keys: () => Object.keys(localStorage),
};

/** @param {Outgoing} item */
const laneOf = (item) => `${item.conversation}${item.file ? ' files' : ''}`;
/** @param {string|null} text */
function parse(text) { try { return JSON.parse(text ?? ''); } catch { return null; } }
/** @param {number} ms @returns {Promise<void>} */
function pause(ms) { return new Promise((done) => { setTimeout(done, ms); }); }
