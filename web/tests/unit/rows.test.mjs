import test from 'node:test';
import assert from 'node:assert/strict';
import { firstUnread, NOTES_MAX, rowsOf, Timeline } from '../../app/history.js';
import { condensed } from '../../app/moves.js';

const say = (seq, username, at, more = {}) => ({ seq, author: { username }, at, reply_to: null, ...more });
const none = { divider: null, start: false };
const shape = (rows) => rows.map((r) => (r.type === 'message' ? `${r.first ? '+' : ''}${r.key}` : r.type));

test('W35 a run by one author within five minutes stands together', () => {
  const rows = rowsOf([say(1, 'a', '2026-01-01T10:00:00Z'), say(2, 'a', '2026-01-01T10:04:59Z'), say(3, 'a', '2026-01-01T10:10:00Z'), say(4, 'b', '2026-01-01T10:10:01Z')], [], none);
  assert.deepEqual(shape(rows), ['day', '+s1', 's2', '+s3', '+s4']);
});

test('W35 a new day begins a new run', () => {
  const rows = rowsOf([say(1, 'a', new Date(2026, 0, 1, 23, 59)), say(2, 'a', new Date(2026, 0, 2, 0, 1))].map((m) => ({ ...m, at: m.at.toISOString() })), [], none);
  assert.deepEqual(shape(rows), ['day', '+s1', 'day', '+s2']);
});

test('the line stands before the first unread message and cuts the run', () => {
  const rows = rowsOf([say(1, 'a', '2026-01-01T10:00:00Z'), say(2, 'a', '2026-01-01T10:00:10Z')], [], { divider: 2, start: true });
  assert.deepEqual(shape(rows), ['start', 'day', '+s1', 'divider', '+s2']);
});

test('W37 a message keeps its key from sending to sent, and is there once', () => {
  const pending = [say(undefined, 'a', '2026-01-01T10:00:00Z', { key: 'x' })];
  const before = rowsOf([], pending, none);
  const after = rowsOf([say(1, 'a', '2026-01-01T10:00:00Z', { key: 'x' })], pending, none);
  assert.deepEqual(shape(before), shape(after));
});

test('one\'s own messages are not unread', () => {
  assert.equal(firstUnread([say(4, 'izza', ''), say(5, 'izza', ''), say(6, 'maya', '')], 3, 'izza'), 6);
  assert.equal(firstUnread([say(4, 'izza', '')], 3, 'izza'), null);
});

const came = (n, after, username, event = 'entered') => ({ n, after, event, username, name: username.toUpperCase() });

test('W35 who comes and goes between two messages stands in one row there', () => {
  const said = [say(4, 'a', '2026-01-01T10:00:00Z'), say(5, 'a', '2026-01-01T10:00:10Z')];
  const notes = [came(1, 3, 'x'), came(2, 4, 'y'), came(3, 4, 'z'), came(4, 5, 'y', 'left')];
  assert.deepEqual(shape(rowsOf(said, [], { ...none, start: true, notes })), ['start', 'moves', 'day', '+s4', 'moves', '+s5', 'moves']);
  assert.deepEqual(shape(rowsOf(said, [], { ...none, notes })), ['day', '+s4', 'moves', '+s5', 'moves'], 'what happened further up is not told here');
  assert.deepEqual(shape(rowsOf([], [], { ...none, start: true, notes: [came(1, 0, 'x')] })), ['start', 'moves']);
  const pending = [say(undefined, 'a', '2026-01-01T10:00:20Z', { key: 'k' })];
  assert.equal(shape(rowsOf(said, pending, { ...none, notes })).at(-1), '+kk', 'what is on its way comes last');
});

test('W35 of one who came and left again one thing is said', () => {
  const notes = [came(1, 0, 'a'), came(2, 0, 'b'), came(3, 0, 'a', 'left'), came(4, 0, 'c', 'left'), came(5, 0, 'c'), came(6, 0, 'd', 'left'), { n: 7, after: 0, event: 'again', username: '', name: '' }];
  assert.deepEqual(condensed(notes), { came: ['B'], left: ['D'], passed: ['A'], back: ['C'], again: true });
  assert.deepEqual(condensed([]), { came: [], left: [], passed: [], back: [], again: false });
});

test('only so many comings and goings are kept', () => {
  const timeline = new Timeline('c1');
  for (let i = 0; i < NOTES_MAX + 5; i += 1) timeline.note({ event: 'entered', username: `u${i}`, name: `U${i}` });
  assert.equal(timeline.notes.value.length, NOTES_MAX);
  assert.equal(timeline.notes.value.at(-1).n, NOTES_MAX + 5, 'each has a number of its own');
});
