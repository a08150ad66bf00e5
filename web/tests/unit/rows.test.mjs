import test from 'node:test';
import assert from 'node:assert/strict';
import { firstUnread, rowsOf } from '../../app/rows.js';

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
