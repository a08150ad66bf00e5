// Every behaviour that a release needs has a test that names its number.
import test from 'node:test';
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';

/** The numbers of the behaviours of the web app without which nothing is released. */
const NEEDED = [1, 2, 3, 4, 9, 10, 11, 13, 14, 15, 16, 21, 22, 23, 24, 26, 27, 28, 29, 30, 31, 32, 33, 35, 37, 38, 39, 40, 42, 43,
  46, 47, 50, 51, 55, 56, 57, 58, 61, 62, 63, 64, 65, 66, 67, 69, 71];
/** Tested in Rust, beside the code: a silent stream of events is kept open by pings. */
const ELSEWHERE = [43];

test('every needed behaviour is named by a test', async () => {
  const titles = [];
  for (const folder of ['../browser/', './']) {
    const place = new URL(folder, import.meta.url);
    for (const name of (await readdir(place)).filter((n) => n.endsWith('.test.mjs'))) {
      const text = await readFile(new URL(name, place), 'utf8');
      titles.push(...[...text.matchAll(/^\s*test\((['"`])(.*?)\1,/gm)].map(([, , title]) => title));
    }
  }
  const named = new Set(titles.flatMap((title) => [...title.matchAll(/\bW(\d\d)\b/g)].map(([, number]) => Number(number))));
  assert.deepEqual(NEEDED.filter((number) => !named.has(number) && !ELSEWHERE.includes(number)), []);
  assert.ok(!named.has(0) && Math.max(...named) <= 71, 'numbers are those of the list');
});
