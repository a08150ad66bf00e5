import test from 'node:test';
import assert from 'node:assert/strict';
import { keysOf, pressed, printable } from '../../app/keys.js';

test('a combination matches exactly its modifiers', () => {
  assert.ok(pressed('Ctrl+K', { key: 'k', ctrlKey: true }));
  assert.ok(pressed('Ctrl+K', { key: 'k', metaKey: true }), 'the Command key of a Mac');
  assert.ok(!pressed('Ctrl+K', { key: 'k' }) && !pressed('Ctrl+K', { key: 'K', ctrlKey: true, shiftKey: true }));
  assert.ok(pressed('Alt+Shift+Down', { key: 'ArrowDown', altKey: true, shiftKey: true }));
  assert.ok(!pressed('Alt+Down', { key: 'ArrowDown', altKey: true, shiftKey: true }));
  assert.ok(pressed('Ctrl+Shift+M', { key: 'M', ctrlKey: true, shiftKey: true }));
  assert.ok(pressed('Alt+A', { key: 'å', code: 'KeyA', altKey: true }), 'Alt makes another sign on a Mac');
  assert.ok(pressed('?', { key: '?', shiftKey: true }) && pressed('Ctrl+/', { key: '/', ctrlKey: true, shiftKey: true }));
});

test('W06 only what is typed counts as printable', () => {
  assert.ok(printable({ key: 'a' }) && printable({ key: 'é' }));
  assert.ok(!printable({ key: 'Enter' }) && !printable({ key: 'a', ctrlKey: true }) && !printable({ key: ' ' }));
});

test('keys are shown with arrows', () => assert.deepEqual(keysOf('Alt+Up'), ['Alt', '↑']));
