import test from 'node:test';
import assert from 'node:assert/strict';
import { makeQueue } from '../../app/net.js';

const memory = () => { const m = new Map(); return { getItem: (k) => m.get(k) ?? null, setItem: (k, v) => m.set(k, v), removeItem: (k) => m.delete(k), keys: () => [...m.keys()] }; };
const fault = (temporary, code = 'x') => Object.assign(new Error(code), { temporary, code });
const item = (key, more = {}) => ({ key, conversation: 'c1', text: key, reply_to: null, at: `2026-01-01T00:00:0${key}Z`, ...more });
const tick = () => new Promise((r) => { setTimeout(r, 5); });

let count = 0;
function set(send, more = {}) {
  const got = [];
  const storage = more.storage ?? memory();
  const { user = 'izza', page, ...parts } = more;
  const pages = { own: page ?? `page ${count += 1}`, gone: (_, fn) => fn() };
  const queue = makeQueue({ storage, send, upload: async () => 'u1', delivered: (m) => got.push(m), wait: async () => {}, pages, ...parts });
  queue.open(user);
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

test('what belongs to one person is not sent by the next, whatever their names', async () => {
  for (const [one, next] of [['izza', 'izz'], ['a', 'a.b'], ['a.b', 'a'], ['budi.s', 'budi']]) {
    const storage = memory();
    set(() => new Promise(() => {}), { storage, user: one }).queue.add(item('1'));
    const second = set(async () => assert.fail('sent'), { storage, user: next });
    await tick();
    assert.deepEqual(second.queue.items.value, []);
    // Nor is it deleted when that one signs out.
    second.queue.close(true);
    assert.equal(storage.keys().length, 1, `${one}, ${next}`);
  }
});

test('signing out removes what every page of that person left, and nothing of others', async () => {
  const storage = memory();
  const never = () => new Promise(() => {});
  const first = set(never, { storage });
  const open = { own: 'other', gone() {} };
  set(never, { storage, pages: open }).queue.add(item('2'));
  set(never, { storage, user: 'izza.b' }).queue.add(item('3'));
  first.queue.add(item('1'));
  first.queue.close(true);
  assert.deepEqual(storage.keys(), ['kabar.out/izza.b/3']);
});

test('what another page is sending is left to it, until that page is closed', async () => {
  const storage = memory();
  const closing = [];
  const first = set(async (i) => i.key, { storage, page: 'one', upload: () => new Promise(() => {}) });
  first.queue.add(item('1', { file: { name: 'a', size: 9 } }));
  const sent = [];
  const pages = { own: 'two', gone: (page, fn) => closing.push([page, fn]) };
  const second = set(async (i) => sent.push(i.key), { storage, pages });
  await tick();
  assert.deepEqual([second.queue.items.value, closing.map(([page]) => page)], [[], ['one']]);
  const text = { key: '2', conversation: 'c1', text: 'x', reply_to: null, at: '', state: 'waiting', n: 2, page: 'three' };
  storage.setItem('kabar.out/izza/2', JSON.stringify(text));
  second.queue.noticed('kabar.out/izza/2', JSON.stringify(text));
  assert.deepEqual([closing.map(([page]) => page), sent], [['one', 'three'], []]);
  for (const [, fn] of closing) fn();
  await tick();
  assert.deepEqual([sent, second.queue.items.value.map((i) => [i.key, i.error.code])], [['2'], [['1', 'file_lost']]]);
});

test('of two pages only one takes up what a closed one left', async () => {
  const storage = memory();
  set(() => new Promise(() => {}), { storage }).queue.add(item('1'));
  const sent = [];
  for (const own of ['a', 'b']) {
    const pages = { own, gone: (page, fn) => { if (page !== 'a') fn(); } };
    set(async (i) => { sent.push(own); await tick(); return i.key; }, { storage, pages });
  }
  await tick();
  assert.deepEqual(sent, ['a']);
});

test('W40 a clock that was set back does not change the order after a reload', async () => {
  const storage = memory();
  const first = set(() => new Promise(() => {}), { storage });
  for (const [i, key] of ['3', '1', '2'].entries()) first.queue.add(item(key, { at: `2026-01-01T00:00:0${9 - i}Z` }));
  const second = set(async (i) => i.key, { storage });
  await tick();
  assert.deepEqual(second.got, ['3', '1', '2']);
});

test('a message at which the server always fails gives way to the next, and can be deleted', async () => {
  const tries = [];
  const broken = Object.assign(fault(true, 'failed'), { status: 500 });
  const { queue, got } = set(async (i) => { if (i.key === '1') { tries.push(queue.find('1').tries); throw broken; } return i.key; });
  queue.add(item('1'));
  queue.add(item('2'));
  await tick();
  assert.deepEqual([got, tries, queue.items.value.map((i) => [i.key, i.state])], [['2'], [undefined, 1, 2, 3, 4], [['1', 'failed']]]);
  queue.drop('1');
  assert.deepEqual(queue.items.value, []);
});

test('W38 a server that is away is waited for, however long', async () => {
  for (const status of [0, 502, 503, 504, 429]) {
    let times = 0;
    const { queue, got } = set(async (i) => { times += 1; if (times < 30) throw Object.assign(fault(true), { status }); return i.key; });
    queue.add(item('1'));
    await tick();
    assert.deepEqual([got, times], [['1'], 30], `${status}`);
  }
});

test('W41 several that were refused go out again together, in order', async () => {
  let refuse = true;
  const { queue, got } = set(async (i) => { if (refuse) throw fault(false); return i.key; });
  for (const key of ['1', '2', '3']) queue.add(item(key));
  await tick();
  assert.deepEqual(queue.items.value.map((i) => i.state), ['failed', 'failed', 'failed']);
  refuse = false;
  queue.retry('1', '2', '3');
  await tick();
  assert.deepEqual(got, ['1', '2', '3']);
});
