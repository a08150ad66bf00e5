import test from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathOf, start } from './harness.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

async function check(page, where, found) {
  // Colours in the middle of a fade are not what a person reads.
  await page.waitForFunction(() => document.getAnimations().every((a) => a.playState !== 'running' || a.effect.getTiming().iterations === Infinity));
  const result = await page.evaluate((tags) => axe.run(document, { runOnly: tags }), RULES);
  const known = (rule, html) =>
    // The log is one tab stop: arrows reach a message, then Tab its code block.
    (rule === 'scrollable-region-focusable' && html.startsWith('<pre dir="ltr" tabindex="-1"'))
    // On a narrow screen the list fills the window; it is navigation and nothing else.
    || (rule === 'landmark-one-main' && where === 'list');
  for (const v of result.violations) for (const n of v.nodes) if (!known(v.id, n.html)) found.push(`${where}: ${v.id}: ${n.html.slice(0, 140)} ${n.any[0]?.message ?? ''}`);
}

const PLACES = [
  ['people', '/app/people', '.row'], ['groups', '/app/groups', '.row'], ['contacts', '/app/contacts', '.row'],
  ['search', '/app/search?q=izza', '.result'], ['mentions', '/app/mentions', '.result'],
  ['account', '/app/settings/account', '.field'], ['appearance', '/app/settings/appearance', '.segments'], ['writing', '/app/settings/writing', '.switch'],
  ['notifications', '/app/settings/notifications', '.switch'], ['sessions', '/app/settings/sessions', '.rows'], ['terminal', '/app/settings/terminal', '.settings-form'],
];

for (const [theme, lang, viewport] of [['light', 'en', { width: 1280, height: 800 }], ['dark', 'id', { width: 1280, height: 800 }], ['light', 'id', { width: 390, height: 844 }], ['dark', 'en', { width: 390, height: 844 }]]) {
  test(`W62 W67 axe finds nothing: ${theme}, ${lang}, ${viewport.width} px`, async () => {
    const t = await start({ theme, lang, viewport, path: '/app/search', context: { bypassCSP: true, reducedMotion: 'reduce' } });
    const { page, mock } = t;
    const found = [];
    await page.addInitScript(axe);
    const visit = async (name, path, wait) => { await page.goto(mock.url + path); await page.locator(wait).first().waitFor(); await check(page, name, found); };
    for (const place of PLACES) await visit(...place);
    await visit('conversation and panel', pathOf(mock, 'Kelompok 3'), '.log article');
    await page.locator('html[data-keys]').waitFor();
    await page.keyboard.press('Control+.');
    await page.locator('.panel .row').first().waitFor();
    await check(page, 'panel', found);
    await page.locator('.panel-head button').click();
    for (const keys of ['Control+k', 'Control+/']) {
      await page.keyboard.press(keys);
      await page.locator('dialog[open]').waitFor();
      await check(page, keys, found);
      await page.keyboard.press('Escape');
      await page.locator('dialog[open]').waitFor({ state: 'detached' });
    }
    if (viewport.width < 760) await visit('list', '/app', '.chat');
    await t.context.clearCookies({ name: 'kabar_session' });
    for (const place of [['sign in', '/app/signin', '.auth-form'], ['register', '/app/register', '.auth-form'], ['set up', '/app/setup/x', '.auth-form']]) await visit(...place);
    assert.deepEqual(found, []);
    await t.stop();
  });
}

test('W68 320 px: nothing scrolls sideways, targets are at least 24 px', async () => {
  const t = await start({ viewport: { width: 320, height: 640 }, path: '/app', lang: 'id' });
  const { page, mock } = t;
  for (const [name, path, wait] of [['list', '/app', '.chat'], ...PLACES, ['conversation', pathOf(mock, 'Kelompok 3'), '.log article']]) {
    await page.goto(mock.url + path);
    await page.locator(wait).first().waitFor();
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth && (document.querySelector('.page-body, .settings-body')?.scrollWidth ?? 0) <= innerWidth), `${name} scrolls sideways`);
    const small = await page.evaluate(() => [...document.querySelectorAll('button, a[href], input:not([type=radio]):not([hidden])')]
      .filter((e) => e.checkVisibility?.({ visibilityProperty: true, opacityProperty: true }) && !e.closest('p, .skip') && !e.classList.contains('skip'))
      .map((e) => [e.outerHTML.slice(0, 100), e.getBoundingClientRect()]).filter(([, r]) => r.width && (r.width < 24 || r.height < 24)).map(([html, r]) => `${Math.round(r.width)}×${Math.round(r.height)} ${html}`));
    assert.deepEqual(small, [], name);
  }
  await t.stop();
});
