import test from 'node:test';
import assert from 'node:assert/strict';
import { apply, awaitList, conversations, dropConversation, people, presence, putConversation, putPeople, setMe, setTyping, shownIn, typing } from '../../app/state.js';
import { backFrom } from '../../app/offline.js';
import { parsePath } from '../../app/router.js';

test('W45 what another tab or device has read is read here', () => {
  putConversation({ id: 'c1', kind: 'direct', last_seq: 9, read_seq: 4, unread: 5, mentions: 1 });
  apply({ type: 'read', conversation: 'c1', seq: 7, unread: 2, mentions: 1 });
  assert.deepEqual([conversations.value.get('c1').unread, conversations.value.get('c1').mentions, conversations.value.get('c1').read_seq], [2, 1, 7]);
  apply({ type: 'read', conversation: 'c1', seq: 9, unread: 0, mentions: 0 });
  assert.deepEqual([conversations.value.get('c1').unread, conversations.value.get('c1').mentions, conversations.value.get('c1').read_seq], [0, 0, 9]);
});

test('an older place read elsewhere does not take back what was read here', () => {
  putConversation({ id: 'c2', kind: 'direct', last_seq: 9, read_seq: 8, unread: 1, mentions: 0 });
  apply({ type: 'read', conversation: 'c2', seq: 3, unread: 6, mentions: 2 });
  assert.deepEqual([conversations.value.get('c2').read_seq, conversations.value.get('c2').unread], [8, 1]);
});

test('W42 what was told while the list was on its way stands over the list', () => {
  const c = (id, more) => ({ id, kind: 'group', name: id, last_seq: 5, read_seq: 5, unread: 0, mentions: 0, members: 2, last: { seq: 5, at: '' }, ...more });
  for (const id of ['m', 'r', 'gone', 'left', 'same']) putConversation(c(id));
  const take = awaitList();
  const author = { username: 'maya', name: 'Maya' };
  apply({ type: 'message', conversation: { ...c('m', { last: null }), last_seq: 6, unread: 1 }, message: { conversation: 'm', seq: 6, at: '', author } });
  apply({ type: 'read', conversation: 'r', seq: 5, unread: 0, mentions: 0 });
  apply({ type: 'conversation', conversation: c('new') });
  apply({ type: 'read', conversation: 'left', seq: 5, unread: 0, mentions: 0 });
  dropConversation('gone');
  take([c('m', { members: 3 }), c('r', { read_seq: 2, unread: 3, members: 3 }), c('gone'), c('same', { members: 9 })]);
  const now = (id) => conversations.value.get(id);
  assert.deepEqual([...conversations.value.keys()].sort(), ['m', 'new', 'r', 'same']);
  assert.deepEqual([now('m').last.seq, now('m').unread], [6, 1]);
  assert.deepEqual([now('r').unread, now('r').read_seq, now('r').members, now('same').members], [0, 5, 3, 9]);
});

test('W53 who stops writing without a word is not shown as writing for ever', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const writing = () => [...typing.value.get('c1')?.keys() ?? []];
  setTyping('c1', 'maya', Date.now() + 6000);
  t.mock.timers.tick(4000);
  setTyping('c1', 'maya', Date.now() + 6000);
  t.mock.timers.tick(4000);
  assert.deepEqual(writing(), ['maya']);
  t.mock.timers.tick(2000);
  assert.deepEqual(writing(), []);
});

test('an event of an unknown kind changes nothing', () => {
  setMe({ username: 'izza' });
  const before = conversations.value;
  apply({ type: 'from-the-future' });
  assert.equal(conversations.value, before);
});

test('the filters divide people from groups', () => {
  assert.ok(shownIn({ kind: 'note' }, 'direct') && shownIn({ kind: 'room' }, 'group') && !shownIn({ kind: 'group' }, 'direct'));
});

test('after the worker is registered one is led back into the app and nowhere else', () => {
  const back = (search) => backFrom(search, 'https://chat.example');
  assert.equal(back('?back=/app/settings/offline'), '/app/settings/offline');
  assert.equal(back(''), '/app');
  for (const bad of ['https://evil.example/app', '//evil.example/app', '/application', '/api/v1/me', 'javascript:alert(1)', '/app/offline', '/app/../api', 'http://%']) {
    assert.equal(back(`?back=${encodeURIComponent(bad)}`), '/app', bad);
  }
});

test('the secret of the set-up link is no part of a path', () => {
  assert.deepEqual(parsePath('/app/setup'), { page: 'setup' });
  assert.equal(parsePath('/app/setup/secret').page, 'nowhere');
});

test('W33 an author who is known already is no news: what shows people is not drawn again', () => {
  putPeople([{ username: 'maya', name: 'Maya', active: true }]);
  const before = [people.value, presence.value, typing.value];
  putConversation({ id: 'c3', kind: 'direct', last_seq: 1, read_seq: 1, unread: 0, mentions: 0 });
  apply({ type: 'message', conversation: { id: 'c3' }, message: { conversation: 'c3', seq: 2, author: { username: 'maya', name: 'Maya' } } });
  assert.deepEqual([people.value === before[0], presence.value === before[1], typing.value === before[2]], [true, true, true]);
  putPeople([{ username: 'maya', name: 'Maya Sari' }]);
  assert.deepEqual([people.value.get('maya').name, presence.value.get('maya')], ['Maya Sari', true]);
});
