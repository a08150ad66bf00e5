import test from 'node:test';
import assert from 'node:assert/strict';
import { firstWords, inline, mentionsOf, onlyEmoji, parseText } from '../../app/text.js';
import { linkOf } from '../../app/links.js';

const kinds = (text) => inline(text).map((n) => n.type);
const plain = (nodes) => nodes.map((n) => (n.children ? plain(n.children) : n.text)).join('');

test('W51 http, https and mailto become links, nothing else does', () => {
  for (const good of ['http://a.example', 'https://a.example/x?y=1#z', 'mailto:ani@a.example']) assert.deepEqual(kinds(good), ['link']);
  for (const bad of ['javascript:alert(1)', 'data:text/html,x', 'vbscript:x', 'file:///etc/passwd', 'JAVASCRIPT:x', 'ftp://a.example', ' java\nscript:x']) {
    assert.ok(!kinds(bad).includes('link'), bad);
  }
});

test('W51 hosts that look like others are shown in punycode', () => {
  assert.equal(linkOf('https://аpple.com/x').shown, 'https://xn--pple-43d.com/x');
  assert.equal(linkOf('https://apple.com/x').shown, 'https://apple.com/x');
  assert.equal(linkOf('https://bank.example@evil.example/'), null);
  assert.equal(linkOf('https://a.example/\u202egnp.exe').shown, 'https://a.example/gnp.exe');
});

test('the full stop and the bracket of the sentence stay outside the link', () => {
  const link = (text) => inline(text).find((n) => n.type === 'link')?.text;
  assert.equal(link('See https://a.example/x.'), 'https://a.example/x');
  assert.equal(link('(https://a.example/x)'), 'https://a.example/x');
  assert.equal(link('https://id.example/wiki/Bola_(olahraga)'), 'https://id.example/wiki/Bola_(olahraga)');
});

test('code keeps what is in it as it is', () => {
  assert.deepEqual(parseText('a\n```js\nif (x)\n  y **b**\n```\nb'), [
    { type: 'paragraph', children: [{ type: 'text', text: 'a' }] },
    { type: 'code', lang: 'js', text: 'if (x)\n  y **b**' },
    { type: 'paragraph', children: [{ type: 'text', text: 'b' }] },
  ]);
  assert.deepEqual(kinds('`**x** https://a.example @izza`'), ['inline-code']);
});

test('emphasis needs its signs at words', () => {
  assert.deepEqual(kinds('**kuat** dan _miring_'), ['bold', 'text', 'italic']);
  assert.deepEqual(kinds('nama_file_panjang 2 * 3 * 4'), ['text']);
});

test('a mention is a name, not an e-mail address', () => {
  assert.equal(mentionsOf('halo @izza!', 'izza'), true);
  assert.equal(mentionsOf('@all rapat', 'izza'), true);
  assert.equal(mentionsOf('@izza.', 'izza'), true);
  assert.equal(mentionsOf('izza@izza.example', 'izza'), false);
  assert.equal(mentionsOf('@izzah', 'izza'), false);
  assert.equal(mentionsOf('`@izza`', 'izza'), false);
});

test('no text is lost or made up, whatever stands in it', () => {
  const payloads = ['<img src=x onerror=alert(1)>', '<script>1</script>', '"><svg/onload=1>', '{{x}}', '${1}', '&lt;b&gt;', '\u202eabc', '```', '``` x', '> ', '**', '__', '`', '@', ':', 'a\u0000b', '** x **'];
  for (const text of payloads) assert.equal(plain(parseText(text)).replace(/\s/g, ''), text.replace(/^> /, '').replace(/\s/g, ''), text);
});

test('hostile lengths do not take long', () => {
  const began = performance.now();
  for (const unit of ['*', '_', '`', '@a', 'https://a.example/(', '> ', '```\n', '**a ']) parseText(unit.repeat(65_536 / unit.length));
  assert.ok(performance.now() - began < 3_000);
});

test('a few emoji alone are shown large', () => {
  assert.equal(onlyEmoji('🎉'), true);
  assert.equal(onlyEmoji('👍🏽 🙏'), true);
  assert.equal(onlyEmoji('3'), false);
  assert.equal(onlyEmoji('ok 🎉'), false);
});

test('the first words are one line', () => {
  assert.equal(firstWords('a\n b\t c'), 'a b c');
  assert.equal(firstWords('x'.repeat(200)).length, 140);
});
