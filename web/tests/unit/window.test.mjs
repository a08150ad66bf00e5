import test from 'node:test';
import assert from 'node:assert/strict';
import { append, arrive, fromPage, hasOlder, isLive, prepend, replace, SURPLUS_MAX, WINDOW_MAX } from '../../app/history.js';

const run = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => ({ seq: from + i }));
const page = (from, to, last = to, first = 1) => fromPage({ messages: run(from, to), first_seq: first }, to >= last);
const seqs = (win) => [win.messages[0].seq, win.messages.at(-1).seq];

test('a page of the end is live and has older ones', () => {
  assert.equal(isLive(page(41, 100)), true);
  assert.equal(hasOlder(page(41, 100)), true);
  assert.equal(hasOlder(page(1, 100)), false);
  assert.equal(isLive(page(1, 50, 100)), false);
});

test('the window stays contiguous and bounded whichever way one scrolls', () => {
  let win = page(9_941, 10_000);
  while (hasOlder(win)) win = prepend(win, run(Math.max(1, win.messages[0].seq - 60), win.messages[0].seq - 1));
  assert.deepEqual(seqs(win), [1, WINDOW_MAX]);
  assert.equal(isLive(win), false);
  while (!isLive(win)) {
    const to = Math.min(10_000, win.messages.at(-1).seq + 60);
    win = append(win, run(win.messages.at(-1).seq + 1, to), to === 10_000);
  }
  assert.deepEqual(seqs(win), [10_000 - WINDOW_MAX + 1, 10_000]);
  win.messages.forEach((m, i) => assert.equal(m.seq, win.messages[0].seq + i));
});

test('a message that arrives twice stands there once', () => {
  const win = arrive(page(1, 5), { seq: 6 }, true);
  assert.deepEqual(seqs(win), [1, 6]);
  assert.equal(arrive(win, { seq: 6 }, true), win);
});

test('numbers have holes where something was edited, deleted or reacted to: what follows is added all the same', () => {
  const win = arrive(page(1, 5), { seq: 8 }, true);
  assert.deepEqual(seqs(win), [1, 8]);
  assert.equal(isLive(win), true);
});

test('a window that does not end with the conversation takes nothing new', () => {
  const win = page(1, 5, 100);
  assert.equal(arrive(win, { seq: 101 }, true), win);
});

test('what was said earlier and is told later stands at its place', () => {
  const win = arrive(arrive(page(1, 5), { seq: 7 }, true), { seq: 6 }, true);
  assert.deepEqual(win.messages.map((m) => m.seq), [1, 2, 3, 4, 5, 6, 7]);
  const middle = page(41, 100);
  assert.equal(arrive(middle, { seq: 40 }, true), middle);
});

test('a reader above the end loses nothing above and gets a bounded surplus below', () => {
  let win = page(1, WINDOW_MAX);
  for (let seq = WINDOW_MAX + 1; seq <= WINDOW_MAX + 200; seq += 1) win = arrive(win, { seq }, false);
  assert.deepEqual(seqs(win), [1, WINDOW_MAX + SURPLUS_MAX]);
  assert.equal(isLive(win), false);
});

test('the first message of an empty conversation appears', () => {
  const win = arrive(fromPage({ messages: [], first_seq: 1 }, true), { seq: 1 }, true);
  assert.deepEqual(seqs(win), [1, 1]);
});

test('a change outside the window changes nothing', () => {
  const win = page(1, 5);
  assert.equal(replace(win, { seq: 9 }), win);
  assert.equal(replace(win, { seq: 3, text: 'new' }).messages[2].text, 'new');
});

test('W33 a reader at the end never has more than the window and its surplus', () => {
  let win = page(1, WINDOW_MAX);
  for (let seq = WINDOW_MAX + 1; seq <= WINDOW_MAX + 500; seq += 1) {
    win = arrive(win, { seq }, true);
    assert.ok(win.messages.length <= WINDOW_MAX + SURPLUS_MAX);
    assert.equal(win.messages.at(-1).seq, seq);
  }
});
