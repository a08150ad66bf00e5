import test from 'node:test';
import assert from 'node:assert/strict';
import { closeness, firstToRead, neighbour, ranked } from '../../app/listing.js';

test('W04 the next unread one goes round at the end and skips what is read', () => {
  const ids = ['a', 'b', 'c', 'd', 'e'];
  const unread = (id) => ['b', 'd'].includes(id);
  assert.equal(neighbour(ids, 'a', 1, unread), 'b');
  assert.equal(neighbour(ids, 'b', 1, unread), 'd');
  assert.equal(neighbour(ids, 'd', 1, unread), 'b');
  assert.equal(neighbour(ids, 'a', -1, unread), 'd');
  assert.equal(neighbour(ids, 'a', 1, () => false), null);
  assert.equal(neighbour(ids, null, 1), 'a');
  assert.equal(neighbour(ids, null, -1), 'e');
  assert.equal(neighbour([], null, 1), null);
});

test('a mention is read first, else what has waited longest', () => {
  const list = [{ id: 'new', unread: 1, mentions: 0 }, { id: 'named', unread: 2, mentions: 1 }, { id: 'old', unread: 1, mentions: 0 }, { id: 'read', unread: 0, mentions: 0 }];
  assert.equal(firstToRead(list), 'named');
  assert.equal(firstToRead(list.filter((c) => !c.mentions)), 'old');
  assert.equal(firstToRead([list[3]]), null);
});

test('W03 a few letters find names by start, word, part and order', () => {
  assert.ok(closeness('ma', 'maya') > closeness('ma', 'Kholishotul Amaliah'));
  assert.ok(closeness('am', 'Kholishotul Amaliah') > closeness('li', 'Kholishotul Amaliah'));
  assert.ok(closeness('kl3', 'Kelompok 3') > 0);
  assert.equal(closeness('zz', 'maya'), 0);
  assert.equal(closeness('jose', 'José'), 6);
});

test('W03 unread come first', () => {
  const entries = [{ item: 'maya', texts: ['maya'], unread: 0 }, { item: 'mail group', texts: ['mail group'], unread: 3 }];
  assert.deepEqual(ranked('ma', entries), ['mail group', 'maya']);
  assert.deepEqual(ranked('may', entries), ['maya']);
  const guessed = { item: 'Lionel', texts: ['Lionel'], unread: 2 };
  assert.deepEqual(ranked('line', [guessed, { item: 'Lineker', texts: ['Lineker'], unread: 0 }]), ['Lineker', 'Lionel']);
});
