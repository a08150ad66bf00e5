import test from 'node:test';
import assert from 'node:assert/strict';
import { makeQueue } from '../../app/queue.js';

const memory = () => { const m = new Map(); return { getItem: (k) => m.get(k) ?? null, setItem: (k, v) => m.set(k, v), removeItem: (k) => m.delete(k), keys: () => [...m.keys()] }; };
const fault = (temporary, code = 'x') => Object.assign(new Error(code), { temporary, code });
const item = (key, more = {}) => ({ key, conversation: 'c1', text: key, reply_to: null, at: `2026-01-01T00:00:0${key}Z`, ...more });
const tick = () => new Promise((r) => { setTimeout(r, 5); });

function set(send, more = {}) {
  const got = [];
  const storage = more.storage ?? memory();
  const queue = makeQueue({ storage, send, upload: async () => 'u1', delivered: (m) => got.push(m), wait: async () => {}, ...more });
  queue.open('izza');
  return { queue, got, storage };
}

test('W40 what waits goes out once, in order', async () => {
  const { queue, got, storage } = set(async (i) => i.key);
  for (const key of ['1', '2', '3']) queue.add(item(key));
  await tick();
  assert.deepEqual(got, ['1', '2', '3']);
  assert.deepEqual(storage.keys(), []);
});

test('W40 what was not sent is there after a reload, and goes out then', async () => {
  const storage = memory();
  const first = set(() => new Promise(() => {}), { storage });
  for (const key of ['1', '2', '3']) first.queue.add(item(key));
  await tick();
  const second = set(async (i) => i.key, { storage });
  await tick();
  assert.deepEqual(second.got, ['1', '2', '3']);
});

test('W38 a try that may have arrived is repeated with the same key', async () => {
  const keys = [];
  const { got } = await (async () => {
    const s = set(async (i) => { keys.push(i.key); if (keys.length === 1) throw fault(true); return i.key; });
    s.queue.add(item('1'));
    await tick();
    return s;
  })();
  assert.deepEqual(keys, ['1', '1']);
  assert.deepEqual(got, ['1']);
});

test('W39 a refusal keeps the text and does not hold up the next', async () => {
  const { queue, got } = set(async (i) => { if (i.key === '1') throw fault(false, 'not_allowed'); return i.key; });
  queue.add(item('1'));
  queue.add(item('2'));
  await tick();
  assert.deepEqual(got, ['2']);
  assert.deepEqual(queue.items.value.map((i) => [i.key, i.state, i.text, i.error.code]), [['1', 'failed', '1', 'not_allowed']]);
});

test('a text does not wait for a file', async () => {
  const { queue, got } = set(async (i) => i.key, { upload: () => new Promise(() => {}) });
  queue.add(item('1', { file: { name: 'a', size: 1 } }));
  queue.add(item('2'));
  await tick();
  assert.deepEqual(got, ['2']);
});

test('W25 one file that fails does not keep the others', async () => {
  let times = 0;
  const { queue, got } = set(async (i) => i.key, { upload: async (i) => { if (i.key === '2' && times++ === 0) throw fault(false); return 'u'; } });
  for (const key of ['1', '2', '3']) queue.add(item(key, { file: { name: key, size: 1 } }));
  await tick();
  assert.deepEqual(got, ['1', '3']);
  queue.retry('2');
  await tick();
  assert.deepEqual(got, ['1', '3', '2']);
});

test('what belongs to one person is not sent by the next', async () => {
  const storage = memory();
  const first = set(() => new Promise(() => {}), { storage });
  first.queue.add(item('1'));
  const second = makeQueue({ storage, send: async () => assert.fail(), upload: async () => '', delivered() {} });
  second.open('izz');
  await tick();
  assert.equal(second.items.value.length, 0);
});
