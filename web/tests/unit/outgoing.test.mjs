// What is on its way to other realms: what is shown of it, and what an answer changes.
import test from 'node:test';
import assert from 'node:assert/strict';
import { asWaiting, rowsOf, timelineOf } from '../../app/history.js';
import { addressIn } from '../../app/listing.js';
import { isShared, realmOf, unsettled, withDeliveries, withWaiting } from '../../app/outgoing.js';
import { putConversation, setCurrent, setMe } from '../../app/state.js';

const izza = { username: 'izza', name: 'Izza' };
const at = (minute) => `2026-01-01T10:${String(minute).padStart(2, '0')}:00.123456Z`;
/** As the server shows what waits. */
const out = (n, more = {}) => ({ id: `o${n}`, conversation: 'c1', seq: null, change: null, author: izza, at: at(n), text: `${n}`, file: null, reply_to: null, deleted: false, reactions: [], key: `key${n}`, delivery: 'queued', ...more });
const said = (seq, more = {}) => ({ conversation: 'c1', seq, author: izza, at: at(seq), text: `${seq}`, file: null, reply_to: null, deleted: false, reactions: [], key: null, ...more });
const keys = (messages, pending) => rowsOf(messages, pending, { divider: null, start: false }).filter((r) => r.type === 'message').map((r) => r.key);

test('what waits stands last, in order, and is there once when it has its number', () => {
  const waiting = [out(1), out(2)].map(asWaiting);
  assert.deepEqual(keys([said(7)], waiting), ['s7', 'kkey1', 'kkey2']);
  assert.deepEqual(keys([said(7), said(8, { key: 'key1', at: at(1) })], waiting), ['s7', 'kkey1', 'kkey2'], 'the row keeps its node');
});

test('what was typed at a terminal has no key: on its way and numbered it has the same time', () => {
  const waiting = [asWaiting(out(1, { key: null })), asWaiting(out(2, { key: null }))];
  assert.equal(new Set(keys([], waiting)).size, 2);
  assert.deepEqual(keys([said(8, { at: at(1) })], waiting), ['s8', `k${at(2)}`]);
});

test('what was long on its way begins no day again', () => {
  const days = (messages) => rowsOf(messages, [], { divider: null, start: false }).filter((r) => r.type === 'day').map((r) => r.key);
  const all = [said(1, { at: '2026-01-01T12:00:00Z' }), said(2, { at: '2026-01-03T12:00:00Z' }), said(3, { at: '2026-01-01T12:00:05Z' }), said(4, { at: '2026-01-03T12:00:09Z' })];
  assert.deepEqual(days(all), ['d2026-1-1', 'd2026-1-3']);
});

test('a file that waits has no address to fetch it from', () => {
  const { file } = asWaiting(out(1, { file: { name: 'a.png', url: '/api/v1/files/x', width: 3, height: 3 } }));
  assert.deepEqual([file.name, file.url, file.width], ['a.png', '', 0]);
});

test('an answer without a number waits; it is not among the messages', () => {
  setMe({ ...izza, settings: {} });
  putConversation({ id: 'c1', kind: 'direct', name: 'Maya', unread: 0, mentions: 0, read_seq: 0, last_seq: 0, last: null });
  setCurrent('c1');
  const timeline = timelineOf('c1');
  timeline.win.value = { messages: [said(1)], first: 1, live: true };
  timeline.arrived(out(1));
  timeline.arrived(out(1));
  assert.deepEqual(timeline.win.value.messages.map((m) => m.seq), [1]);
  assert.deepEqual(timeline.waiting.value.map((m) => [m.id, m.pending]), [['o1', 'queued']]);
});

test('of what was told only the deliveries are taken, and a list without news stays itself', () => {
  const messages = [said(1, { delivery: 'queued', text: 'newer' }), said(2, { delivery: 'delivered' }), said(3)];
  const next = withDeliveries(messages, [said(1, { delivery: 'failed', delivery_reason: 'Nobody.', text: 'older' }), said(2, { delivery: 'delivered' }), said(9, { delivery: 'read' })]);
  assert.deepEqual(next.map((m) => [m.delivery, m.delivery_reason, m.text]), [['failed', 'Nobody.', 'newer'], ['delivered', undefined, '2'], [undefined, undefined, '3']]);
  assert.equal(next[1], messages[1]);
  assert.equal(withDeliveries(messages, [said(2, { delivery: 'delivered' })]), messages);
});

test('what waits: taken meanwhile stays, numbered goes, a change is a row only when it failed', () => {
  const before = [out(1), out(2)].map(asWaiting);
  const now = [...before, asWaiting(out(3))];
  const edit = { change: { kind: 'edit', seq: 4 } };
  const next = withWaiting(before, now, [out(2), out(5, edit), out(6, { ...edit, delivery: 'failed' })]);
  assert.deepEqual(next.map((m) => m.id), ['o2', 'o6', 'o3']);
  assert.equal(next[0], before[1], 'nothing of it is other');
  assert.notEqual(withWaiting(before, before, [out(2, { delivery: 'failed' })])[0], before[1]);
});

test('more can be heard of what is queued, and between two people of what is delivered', () => {
  const messages = [said(1, { delivery: 'read' }), said(2, { delivery: 'delivered' }), said(3, { delivery: 'queued' }), said(4, { delivery: 'failed' })];
  assert.equal(unsettled(messages, true)?.seq, 2);
  assert.equal(unsettled(messages, false)?.seq, 3);
  assert.equal(unsettled([messages[0], messages[3], said(5)], true), null);
});

test('which conversations another realm takes part in, and which realm', () => {
  const person = { kind: 'direct', name: 'Maya', with: { username: 'maya@kampus-b', realm: 'kampus-b' } };
  const group = { kind: 'group', name: 'Kelas 3@kampus-b' };
  assert.deepEqual([person, group, { kind: 'group', name: 'Kelas' }, { kind: 'direct', name: 'a@b', with: { username: 'ana' } }, undefined].map((c) => [isShared(c), realmOf(c)]),
    [[true, 'kampus-b'], [true, 'kampus-b'], [false, null], [false, null], [false, null]]);
});

test('an address is user@realm, with or without the sign before it', () => {
  assert.deepEqual([' maya@kampus-b ', '@Maya@Kampus-B', 'maya', '@maya', 'a@b@c', 'a b@c', 'a@', ''].map(addressIn),
    ['maya@kampus-b', 'maya@kampus-b', null, null, null, null, null, null]);
});
