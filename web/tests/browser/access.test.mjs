import test from 'node:test';
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { messages, pathOf, start } from './harness.mjs';

const axe = await readFile(new URL('../../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');

for (const [theme, lang, viewport] of [['light', 'en', { width: 1280, height: 800 }], ['dark', 'id', { width: 390, height: 844 }]]) {
  test(`W62 W66 axe finds nothing in a conversation: ${theme}, ${lang}, ${viewport.width} px`, async () => {
    const s = await start({ theme, lang, viewport, context: { bypassCSP: true } });
    await s.page.goto(s.mock.url + pathOf(s.mock, 'Kelompok 3'));
    await messages(s.page).last().waitFor();
    await s.page.evaluate(axe);
    // The log is one Tab stop: a code block becomes one when its message is the active one, which axe cannot know.
    const { violations } = await s.page.evaluate(() => window.axe.run({ exclude: ['nav'] }, { rules: { 'scrollable-region-focusable': { enabled: false } } }));
    assert.deepEqual(violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 140))}`), []);
    await s.stop();
  });
}

test('W68 at 320 px nothing scrolls sideways', async () => {
  const s = await start({ viewport: { width: 320, height: 640 } });
  await s.page.goto(s.mock.url + pathOf(s.mock, 'Kelompok 3'));
  await messages(s.page).last().waitFor();
  assert.equal(await s.page.evaluate(() => document.documentElement.scrollWidth <= 320 && document.querySelector('.log').scrollWidth <= 320), true);
  await s.stop();
});
