import test from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { brotliCompressSync, constants } from 'node:zlib';

const MODULES_MAX = 12;
const EAGER_BYTES_MAX = 60_000;
const web = new URL('../../', import.meta.url);
const text = (path) => readFileSync(new URL(path, web), 'utf8');
const packed = (path) => brotliCompressSync(readFileSync(new URL(path, web)), { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;
const page = text('index.html');
const named = (pattern) => [...page.matchAll(pattern)].map((m) => m[1]);

/** Everything that static imports lead to. */
function reached(path, seen = new Set()) {
  if (seen.has(path)) return seen;
  seen.add(path);
  for (const [, from] of text(path).matchAll(/^(?:import|export)\s(?:[^'";]*?\sfrom\s+)?'(\.[^']+)'/gm)) {
    reached(new URL(from, new URL(path, web)).href.slice(web.href.length), seen);
  }
  return seen;
}

const modules = [...named(/<script type="module" src="\{\{assets\}\}\/([^"]+)"/g)].flatMap((start) => [...reached(start)]);
const sheets = named(/<link rel="stylesheet" href="\{\{assets\}\}\/([^"]+)"/g);

test('what is loaded before the first message: at most 12 modules and 60 KB', (t) => {
  const sizes = [...modules, ...sheets].map((path) => [path, packed(path)]).sort((a, b) => b[1] - a[1]);
  const total = sizes.reduce((sum, [, bytes]) => sum + bytes, 0);
  t.diagnostic(`${modules.length} modules, ${sheets.length} stylesheets, ${total} bytes: ${sizes.map(([path, bytes]) => `${path} ${bytes}`).join(', ')}`);
  assert.ok(modules.includes('vendor/preact.js') && sheets.length > 0, 'the walk reaches the vendored file');
  assert.ok(modules.length <= MODULES_MAX, `${modules.length} modules: ${modules.join(' ')}`);
  assert.ok(total <= EAGER_BYTES_MAX, `${total} bytes`);
});

test('the page announces exactly these modules, so that none waits for another to be read', () => {
  const announced = named(/<link rel="modulepreload" href="\{\{assets\}\}\/([^"]+)"/g);
  assert.deepEqual([...announced, 'app/main.js'].sort(), [...modules].sort());
});
