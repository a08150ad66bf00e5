import test from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { fmt, lang, t, tx, useCatalogue } from '../../app/i18n.js';

const web = new URL('../../', import.meta.url);
const read = (name) => JSON.parse(readFileSync(new URL(`i18n/${name}.json`, web)));
const [en, id] = [read('en'), read('id')];
const places = (text) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort().join();
const sources = readdirSync(new URL('app/', web)).filter((f) => f.endsWith('.js'))
  .map((f) => [f, readFileSync(new URL(`app/${f}`, web), 'utf8')]);

test('W63 both catalogues have the same keys, sorted, with the same places', () => {
  assert.deepEqual(Object.keys(id), Object.keys(en));
  assert.deepEqual(Object.keys(en), [...Object.keys(en)].sort());
  for (const key of Object.keys(en)) assert.equal(places(id[key]), places(en[key]), key);
});

test('W63 every key used in the code is in the catalogue', () => {
  const missing = [];
  for (const [file, text] of sources) {
    for (const [, key] of text.matchAll(/\btx?\(\s*'([\w.-]+)'/g)) {
      if (!(key in en) && !(`${key}.other` in en)) missing.push(`${file}: ${key}`);
    }
  }
  assert.deepEqual(missing, []);
});

test('W05 every shortcut, page and choice made of a table has its words', () => {
  const text = (file) => sources.find(([name]) => name === file)[1];
  const wanted = [
    ...[...text('shortcuts.js').matchAll(/\{ id: '(\w+)'/g)].map((m) => `shortcuts.${m[1]}`),
    ...[...text('settings.js').matchAll(/\['(\w+)', '[\w-]+', \w+\]/g)].map((m) => `settings.${m[1]}`),
    ...[...text('errors.js').matchAll(/'(\w+)'/g)].map((m) => m[1]).filter((c) => text('errors.js').match(new RegExp(`KNOWN[^;]*'${c}'`))).map((c) => `error.${c}`),
    ...['registration', 'password_min', 'session_idle', 'active', 'file', 'file_inline', 'uploads_each', 'text'].map((n) => `admin.limit_${n}`),
    ...['version', 'uptime', 'count_users', 'count_active', 'count_streams', 'count_messages', 'users', 'realms', 'limits'].map((n) => `admin.${n}`),
    ...['queued', 'delivered', 'read', 'failed'].map((n) => `delivery.${n}`), ...['edit', 'deletion', 'reaction', 'reaction_end'].flatMap((n) => [`delivery.change_${n}`, `delivery.failed_${n}`]),
    ...['asked', 'waiting', 'linked', 'blocked', 'removed', 'changed'].map((n) => `realms.standing_${n}`), ...['resolve', 'connect', 'tls', 'handshake', 'clock', 'echo', 'queue'].map((n) => `realms.step_${n}`),
    ...['accept', 'block', 'remove'].flatMap((n) => [`realms.${n}`, `realms.${n}_title`, `realms.${n}_text`]), ...['check', 'check_good', 'check_bad', 'check_none', 'added_linked', 'added_asked', 'name_wrong', 'host_wrong', 'port_wrong', 'invite_wrong', 'fact_queued', 'fact_contact', 'fact_next'].map((n) => `realms.${n}`),
    ...['disable', 'reset', 'end'].flatMap((n) => [`admin.${n}`, `admin.${n}_title`, `admin.${n}_text`]), ...['open', 'invite', 'closed'].map((n) => `admin.word_${n}`),
    ...['characters', 'days', 'hours', 'minutes', 'uploads'].map((n) => `admin.unit_${n}.other`), ...['read', 'write'].flatMap((n) => [`programs.scope_${n}`, `programs.scope_${n}_hint`]),
    ...['system', 'light', 'dark'].map((n) => `theme.${n}`), ...['en', 'id'].map((n) => `lang.${n}`),
    ...['hour', 'day', 'week', 'month'].map((n) => `invitations.${n}`), ...['from', 'in', 'has', 'after', 'before'].map((n) => `search.op_${n}`),
  ];
  assert.ok(wanted.length > 55, String(wanted.length));
  assert.deepEqual(wanted.filter((key) => !(key in en)), []);
});

test('W63 no text stands in a template', () => {
  const found = [];
  for (const [file, text] of sources) {
    for (const [, template] of text.matchAll(/html`((?:[^`\\]|\\.|\$\{(?:[^{}`]|\{[^{}]*\})*\})*)`/g)) {
      const bare = template.replace(/\$\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}/g, '');
      for (const [, words] of bare.matchAll(/>([^<>]*[A-Za-z]{2,}[^<>]*)</g)) {
        // What is left between "=>" and "<" is code of a nested template, not text.
        if (!/[=(){};&|?]|=>/.test(words)) found.push(`${file}: ${words.trim()}`);
      }
      for (const [, name, words] of bare.matchAll(/\s(aria-label|title|placeholder|alt)="([^"]*[A-Za-z]{2,}[^"]*)"/g)) found.push(`${file}: ${name}=${words}`);
    }
  }
  assert.deepEqual(found, []);
});

test('places are filled, plurals chosen, elements kept apart', () => {
  useCatalogue('en', { hi: 'Hi {name}', 'n.one': '{count} message', 'n.other': '{count} messages', only: 'English' });
  useCatalogue('id', { hi: 'Hai {name}', 'n.one': '{count} pesan', 'n.other': '{count} pesan' });
  lang.value = 'en';
  assert.equal(t('hi', { name: 'maya' }), 'Hi maya');
  assert.equal(t('n', { count: 1 }), '1 message');
  assert.equal(t('n', { count: 1200 }), '1,200 messages');
  const element = { type: 'bdi' };
  assert.deepEqual(tx('hi', { name: element }), ['Hi ', element]);
  lang.value = 'id';
  assert.equal(t('n', { count: 1200 }), '1.200 pesan');
  assert.equal(t('only'), 'English');
  assert.equal(t('nowhere'), 'nowhere');
});

test('days have names, sizes have units', () => {
  const now = new Date(2026, 0, 15, 12);
  lang.value = 'id';
  assert.equal(fmt.day(new Date(2026, 0, 15, 1), now), 'Hari ini');
  assert.equal(fmt.day(new Date(2026, 0, 14, 23), now), 'Kemarin');
  assert.match(fmt.day(new Date(2026, 0, 3), now), /Sabtu, 3 Januari/);
  lang.value = 'en';
  assert.match(fmt.day(new Date(2025, 0, 3), now), /2025/);
  assert.equal(fmt.bytes(1_500_000), '1.5 MB');
  assert.equal(fmt.ago(now.getTime() - 120e3, now.getTime()), '2 minutes ago');
});
