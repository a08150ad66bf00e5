import test from 'node:test';
import assert from 'node:assert/strict';
import { commandsFor, pasteFor } from '../../app/terminal.js';

const place = { hostname: '127.0.0.1', port: '8889', protocol: 'http:' };

test('what is typed, and what is pasted', () => {
  assert.equal(commandsFor(place, ['auth izza …']), 'nc 127.0.0.1 8889\nauth izza …');
  assert.equal(pasteFor(place, ['send t izza Halo', 'inbox t']), "printf '%s\\r\\n' 'send t izza Halo' \\\n  'inbox t' \\\n  | nc 127.0.0.1 8889");
});

test('behind TLS the port of the page is not the one of the lines; brackets are not part of an address', () => {
  assert.equal(commandsFor({ hostname: '[::1]', port: '443', protocol: 'https:' }, []), 'nc ::1 8889');
});
