import test from 'node:test';
import assert from 'node:assert/strict';
import { excerpt } from '../../app/results.js';
import { rings, titleText, waiting } from '../../app/notify.js';

const marked = (segments) => segments.map((s) => (s.hit ? `[${s.text}]` : s.text)).join('');

test('W56 matches are marked, also when they overlap or come unsorted', () => {
  assert.equal(marked(excerpt('deploy the deployment', [[11, 17], [0, 6]])), '[deploy] the [deploy]ment');
  assert.equal(marked(excerpt('abcdef', [[1, 3], [2, 5]])), 'a[bcde]f');
  assert.equal(marked(excerpt('abc', [])), 'abc');
  assert.equal(marked(excerpt('abc', [[-4, 1], [2, 99], [1, 1]])), '[a]b[c]');
});

test('a long text is cut around the first match, never inside a surrogate pair', () => {
  const long = `${'kata '.repeat(400)}jarum ${'😀'.repeat(400)}`;
  const shown = excerpt(long, [[2000, 2005]]);
  assert.equal(shown[0].text, '…');
  assert.equal(shown.find((s) => s.hit).text, 'jarum');
  assert.equal(shown.at(-1).text, '…');
  assert.ok(shown.every((s) => s.text.isWellFormed?.() ?? true));
});

test('W57 the title counts what was said to me', () => {
  const list = [{ kind: 'group', unread: 9, mentions: 3 }, { kind: 'direct', unread: 2, mentions: 0 }, { kind: 'room', unread: 4, mentions: 0 }];
  assert.equal(waiting(list), 5);
  assert.equal(titleText({ count: 3, place: '#general', realm: 'Realm' }), '(3) #general – Realm');
  assert.equal(titleText({ count: 0, place: null, realm: 'Realm' }), 'Realm');
});

test('W58 a mention or a private message rings, unless it is being watched or one\'s own', () => {
  const message = { author: { username: 'maya' }, deleted: false };
  const base = { message, conversation: { kind: 'group' }, username: 'izza', named: true, watching: false };
  assert.ok(rings(base) && rings({ ...base, named: false, conversation: { kind: 'direct' } }));
  assert.ok(!rings({ ...base, named: false }) && !rings({ ...base, watching: true }) && !rings({ ...base, username: 'maya' }));
});
