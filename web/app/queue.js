// @ts-check
// What was written and is not yet acknowledged. It survives a reload, an outage and a restart of the server; the client
// key makes a second try harmless. Texts of one conversation go out one after another; files have a lane of their own.
import { signal } from '../vendor/preact.js';

const FIRST_PAUSE_MS = 1_000;
const PAUSE_MAX_MS = 20_000;

/** @typedef {{key: string, conversation: string, text: string, reply_to: number|null, at: string,
 *   state: 'waiting'|'sending'|'failed', error?: {code: string, message: string}, upload?: string,
 *   file?: {name: string, size: number, media_type: string, width: number|null, height: number|null},
 *   sent?: number}} Outgoing */

/**
 * @param {{storage: {getItem(k: string): string|null, setItem(k: string, v: string): void, removeItem(k: string): void, keys(): string[]},
 *   send: (item: Outgoing) => Promise<any>, upload: (item: Outgoing, progress: (sent: number) => void) => Promise<string>,
 *   delivered: (message: any, item: Outgoing) => void, wait?: (ms: number) => Promise<void>}} parts
 */
export function makeQueue({ storage, send, upload, delivered, wait = pause }) {
  const items = signal(/** @type {Outgoing[]} */ ([]));
  let owner = '';
  let wake = () => {};
  const running = new Set();
  const address = (/** @type {string} */ key) => `kabar.out.${owner}.${key}`;

  /** @param {Outgoing} item */
  const store = (item) => {
    const { sent, ...kept } = item;
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
          if (error.temporary === false || error.name === 'AbortError') {
            change(item.key, { state: 'failed', error: { code: error.code ?? 'failed', message: error.message ?? '' } });
            continue;
          }
          change(item.key, { state: 'waiting' }, false);
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
  return {
    items,
    /** Takes up what an earlier page of this person left. @param {string} username */
    open(username) {
      owner = username;
      const prefix = `kabar.out.${owner}.`;
      const found = storage.keys().filter((k) => k.startsWith(prefix)).map((k) => parse(storage.getItem(k))).filter(Boolean);
      items.value = found.sort((a, b) => a.at.localeCompare(b.at) || a.key.localeCompare(b.key))
        .map((i) => (i.file && !i.upload ? { ...i, state: 'failed', error: { code: 'file_lost', message: '' } } : i));
      start();
    },
    /** @param {Omit<Outgoing, 'state'>} item */
    add(item) {
      const whole = /** @type {Outgoing} */ ({ ...item, state: 'waiting' });
      items.value = [...items.value, whole];
      store(whole);
      run(laneOf(whole));
    },
    /** @param {string} key */
    retry(key) { change(key, { state: 'waiting', error: undefined }); start(); },
    /** The server has it, told by the event stream or by another tab. @param {string} key */
    acknowledged(key) { if (find(key)) drop(key); },
    drop,
    find,
    /** The way is open again. */
    wake() { wake(); start(); },
    /** @param {boolean} forget also remove what is stored */
    close(forget) {
      if (forget) for (const item of items.value) storage.removeItem(address(item.key));
      items.value = [];
      owner = '';
    },
  };
}

/** @param {Outgoing} item */
const laneOf = (item) => `${item.conversation}${item.file ? ' files' : ''}`;
/** @param {string|null} text */
function parse(text) { try { return JSON.parse(text ?? ''); } catch { return null; } }
/** @param {number} ms @returns {Promise<void>} */
function pause(ms) { return new Promise((done) => { setTimeout(done, ms); }); }
