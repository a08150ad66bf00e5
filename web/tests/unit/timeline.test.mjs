// What a timeline does with pages that come late, not at all, or after what they tell has changed.
import test from 'node:test';
import assert from 'node:assert/strict';
import { timelineOf } from '../../app/history.js';
import { emit } from '../../app/net.js';
import { conversations, focused, putConversation, setCurrent, setMe } from '../../app/state.js';

const said = (seq, text = `${seq}`) => ({ conversation: 'c1', seq, text, author: { username: 'maya', name: 'Maya' }, at: '2026-01-01T00:00:00Z', deleted: false, reactions: [], file: null });
const run = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => said(from + i));
const page = (from, to) => ({ messages: run(from, to), first_seq: 1 });
const soon = () => new Promise((done) => { setImmediate(done); });

/** Requests that wait until the test answers them. */
const asked = [];
globalThis.document = { documentElement: { lang: 'en' } };
globalThis.fetch = (path, { method }) => new Promise((resolve) => {
  const answer = async (status, value) => {
    resolve({ ok: status < 400, status, headers: new Headers(), json: async () => value });
    for (let i = 0; i < 5; i += 1) await soon();
  };
  asked.push({ wish: `${method} ${path}`, ok: (value) => answer(200, value), fail: () => answer(500, { error: { code: 'failed' } }) });
});
const last = (part) => asked.findLast((one) => one.wish.includes(part)) ?? assert.fail(`nobody asked for ${part}: ${asked.map((a) => a.wish)}`);

let number = 0;
/** A timeline nobody has used; every message of it is addressed to it. */
function fresh(more = {}) {
  const id = `c${number += 1}`;
  asked.length = 0;
  setMe({ username: 'izza', name: 'Izza', settings: {} });
  putConversation({ id, kind: 'direct', name: 'Maya', unread: 0, mentions: 0, read_seq: 0, last_seq: 0, last: null, ...more });
  setCurrent(id);
  focused.value = true;
  const timeline = timelineOf(id);
  return { id, timeline, at: (m) => ({ ...m, conversation: id }), seqs: () => timeline.win.value?.messages.map((m) => m.seq) };
}

test('a page that the reader no longer waits for is dropped: no gap between neighbours', async () => {
  const { timeline, seqs } = fresh();
  timeline.load(500);
  await last('around=500').ok(page(470, 530));
  timeline.older();
  const slow = last('before=470');
  timeline.latest();
  await last('?limit=').ok(page(941, 1_000));
  await slow.ok(page(410, 469));
  assert.deepEqual(seqs(), run(941, 1_000).map((m) => m.seq));
  assert.equal(timeline.busy.value, null);
  timeline.older();
  await last('before=941').ok(page(881, 940));
  assert.deepEqual([seqs()[0], seqs().length], [881, 120]);
});

test('of two addresses one after the other, the second is shown, whichever answer comes first', async () => {
  const { timeline, seqs } = fresh();
  timeline.load(100);
  const first = last('around=100');
  timeline.load(900);
  await last('around=900').ok(page(870, 930));
  await first.ok(page(70, 130));
  assert.equal(seqs()[0], 870);
  // Back to what is loaded while another is on its way: it stays.
  timeline.load(300);
  timeline.remain();
  await last('around=300').ok(page(270, 330));
  assert.equal(seqs()[0], 870);
});

test('W42 after a gap nothing is added to the old window, also when loading it again fails', async (t) => {
  const { id, timeline, seqs, at } = fresh();
  timeline.load();
  await last('?limit=').ok(page(1, 50));
  t.mock.timers.enable({ apis: ['setTimeout'] });
  emit('resync', {});
  await last('?limit=').fail();
  emit('message', { message: at(said(90)) });
  assert.deepEqual(seqs().at(-1), 50);
  assert.equal(timeline.win.value.live, false);
  timeline.newer();
  assert.equal(timeline.busy.value, null, 'a window that is not trusted is not continued');
  asked.length = 0;
  emit('hello', {});
  emit('message', { message: at(said(91)) });
  await last(`${id}/messages?limit=`).ok(page(41, 90));
  assert.deepEqual(seqs(), run(41, 91).map((m) => m.seq));
  assert.equal(timeline.win.value.live, true);
});

test('what was missed is asked for again after a while, although the stream stood all the time', async (t) => {
  const { seqs, timeline } = fresh();
  timeline.load();
  await last('?limit=').ok(page(1, 50));
  t.mock.timers.enable({ apis: ['setTimeout'] });
  emit('resync', {});
  await last('?limit=').fail();
  asked.length = 0;
  t.mock.timers.tick(2_000);
  await soon();
  await last('?limit=').ok(page(21, 80));
  assert.equal(seqs().at(-1), 80);
});

test('a page that failed is not asked for again at once', async (t) => {
  const { timeline } = fresh();
  timeline.load();
  await last('?limit=').ok(page(41, 100));
  t.mock.timers.enable({ apis: ['setTimeout'] });
  timeline.older();
  await last('before=').fail();
  asked.length = 0;
  timeline.older();
  assert.deepEqual(asked, []);
  t.mock.timers.tick(2_000);
  await soon();
  timeline.older();
  assert.equal(asked.length, 1);
});

test('W47 what changed while its page was on its way is shown as it is now', async () => {
  const { timeline, at } = fresh();
  timeline.load();
  const gone = { ...at(said(100, '')), deleted: true };
  emit('changed', { message: gone });
  await last('?limit=').ok(page(41, 100));
  assert.equal(timeline.win.value.messages.at(-1).deleted, true);
  timeline.older();
  emit('changed', { message: { ...at(said(20, 'other')) } });
  emit('message', { message: at(said(101)) });
  await last('before=41').ok(page(1, 40));
  assert.equal(timeline.win.value.messages.find((m) => m.seq === 20).text, 'other');
  assert.deepEqual(timeline.win.value.messages.map((m) => m.seq), run(1, 101).map((m) => m.seq));
});

test('more than is remembered while a page is on its way makes no gap', async () => {
  const { timeline, at } = fresh();
  timeline.load();
  for (let seq = 101; seq <= 1_000; seq += 1) emit('message', { message: at(said(seq)) });
  await last('?limit=').ok(page(41, 100));
  const all = timeline.win.value.messages.map((m) => m.seq);
  all.forEach((seq, i) => assert.equal(seq, all[0] + i));
  assert.equal(timeline.win.value.live, false, 'the rest is fetched');
});

test('W29 how much is unread is what the server says, not what is loaded', async (t) => {
  const { id, timeline } = fresh({ unread: 400, mentions: 3, read_seq: 100, last_seq: 500 });
  timeline.load();
  await last('around=101').ok(page(41, 160));
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const c = () => conversations.value.get(id);
  timeline.readTo(130);
  t.mock.timers.tick(1_000);
  assert.deepEqual([c().read_seq, c().unread, c().mentions], [130, 400, 3]);
  await last('/read').ok({ seq: 130, unread: 370, mentions: 2 });
  assert.deepEqual([c().read_seq, c().unread, c().mentions], [130, 370, 2]);
  // An answer that is older than the last message does not undo what that said.
  timeline.readTo(140);
  t.mock.timers.tick(1_000);
  putConversation({ id, unread: 361, last_seq: 501 });
  await last('/read').ok({ seq: 140, unread: 360, mentions: 2 });
  assert.equal(c().unread, 361);
});
