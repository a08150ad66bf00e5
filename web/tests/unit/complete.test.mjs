import test from 'node:test';
import assert from 'node:assert/strict';
import { inserted, offersFor, triggerAt } from '../../app/complete.js';
import { interpret } from '../../app/complete.js';
import { pauseBefore } from '../../app/net.js';
import { parsePath, pathTo } from '../../app/router.js';

const at = (text) => triggerAt(text, text.length);
const known = { people: [{ username: 'maya', name: 'Kholishotul Amaliah' }, { username: 'messi', name: 'Lionel Messi' }], places: [{ name: 'Kelompok 3' }], commands: [{ name: 'me', about: '' }], all: 'all' };

test('W16 the sign counts only where a word begins', () => {
  assert.deepEqual(at('halo @ma'), { kind: 'person', start: 5, word: 'ma' });
  assert.equal(at('izza@ma'), null);
  assert.equal(at('10:30'), null);
  assert.equal(at(':s'), null);
  assert.equal(at(':smi').kind, 'emoji');
  assert.equal(at('/me').kind, 'command');
  assert.equal(at('x /me'), null);
});

test('W16 people are found by username and by any word of the name', () => {
  assert.deepEqual(offersFor(at('@me'), known).map((o) => o.insert), ['@messi ']);
  assert.deepEqual(offersFor(at('@ama'), known).map((o) => o.insert), ['@maya ']);
  assert.deepEqual(offersFor(at('@al'), known).map((o) => o.insert), ['@all ']);
  assert.deepEqual(offersFor(at('#kel'), known).map((o) => o.insert), ['#Kelompok 3 ']);
  assert.equal(offersFor(at(':tada'), known)[0].insert, '🎉 ');
});

test('what is chosen takes the place of what was typed', () => {
  assert.deepEqual(inserted('hai @ma dan', 7, triggerAt('hai @ma dan', 7), { insert: '@maya ' }), { text: 'hai @maya dan', caret: 10 });
});

test('W17 an unknown command is refused, two slashes send one', () => {
  assert.deepEqual(interpret('/tidakada x'), { unknown: '/tidakada' });
  assert.deepEqual(interpret('//x'), { text: '/x' });
  assert.deepEqual(interpret('/me makan'), { text: '_makan_' });
  assert.deepEqual(interpret('/me'), { wants: '/me' });
  assert.deepEqual(interpret('halo'), { text: 'halo' });
});

test('W42 the pauses grow to 30 s at most and are never alike', () => {
  assert.ok(pauseBefore(1, 1) <= 1_000);
  for (let i = 1; i < 40; i += 1) assert.ok(pauseBefore(i, 1) <= 30_000 && pauseBefore(i, 0) >= pauseBefore(i, 1) / 2 - 1);
});

test('W02 every place has an address that leads back to it', () => {
  assert.deepEqual(parsePath(pathTo('c12', 7)), { page: 'conversation', id: 'c12', seq: 7 });
  assert.deepEqual(parsePath('/app/search?q=a%20b'), { page: 'search', q: 'a b' });
  assert.deepEqual(parsePath('/app/nonsense'), { page: 'nowhere' });
  assert.equal(parsePath('/app/c/%E0%A4%A').page, 'conversation');
});
