import test from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathOf, start } from './harness.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const COLOURS = { type: 'rule', values: ['color-contrast', 'link-in-text-block'] };
const THEMES = ['light', 'dark'];

/** What axe finds on the page as it stands. In the second theme only colours can be other than in the first. */
async function check(page, where, found) {
  for (const theme of THEMES) {
    await page.evaluate((name) => { document.documentElement.dataset.theme = name; }, theme);
    // Colours in the middle of a fade are not what a person reads.
    await page.waitForFunction(() => document.getAnimations().every((a) => a.playState !== 'running' || a.effect.getTiming().iterations === Infinity));
    const result = await page.evaluate((tags) => axe.run(document, { runOnly: tags, resultTypes: ['violations'] }), theme === THEMES[0] ? RULES : COLOURS);
    const known = (rule, html) =>
      // The log is one tab stop: arrows reach a message, then Tab its code block.
      (rule === 'scrollable-region-focusable' && html.startsWith('<pre dir="ltr" tabindex="-1"'))
      // On a narrow screen the list fills the window; it is navigation and nothing else.
      || (rule === 'landmark-one-main' && where === 'list');
    for (const v of result.violations) for (const n of v.nodes) if (!known(v.id, n.html)) found.push(`${where}, ${theme}: ${v.id}: ${n.html.slice(0, 140)} ${n.any[0]?.message ?? ''}`);
  }
}

const PLACES = [
  ['people', '/app/people', '.row'], ['groups', '/app/groups', '.row'], ['contacts', '/app/contacts', '.row'], ['rooms', '/app/rooms', '.page-body .empty'],
  ['search', '/app/search?q=izza', '.result'], ['mentions', '/app/mentions', '.result'],
  ['account', '/app/settings/account', '.field'], ['appearance', '/app/settings/appearance', '.segments'], ['writing', '/app/settings/writing', '.switch'],
  ['notifications', '/app/settings/notifications', '.switch'], ['sessions', '/app/settings/sessions', '.rows'], ['terminal', '/app/settings/terminal', '.settings-form'],
  ['programs', '/app/settings/programs', '.settings-form .field-hint'], ['users', '/app/admin/users', '.row-top'], ['realm links', '/app/admin/realms', '.page-tools'], ['limits', '/app/admin/limits', '.fact'],
];
const OUTSIDE = [['sign in', '/app/signin', '.auth-form'], ['register', '/app/register', '.auth-form'], ['set up', '/app/setup#k=x', '.auth-form']];

/** Within the app as a link does: without loading it anew. */
async function go(page, path, wait) {
  await page.evaluate((to) => { history.pushState({}, '', to); dispatchEvent(new PopStateEvent('popstate', { state: {} })); }, path);
  await page.waitForFunction((to) => location.pathname + location.search === to, path);
  await page.locator(wait).first().waitFor();
}

/** Into a room, from the page of rooms in any language. */
async function enter(page) {
  await page.locator('input[name=room]').fill('Ruang 12');
  await page.locator('.line-form button').click();
  await page.locator('.composer').waitFor();
}

for (const [lang, viewport] of [['en', { width: 1280, height: 800 }], ['id', { width: 1280, height: 800 }], ['en', { width: 390, height: 844 }], ['id', { width: 390, height: 844 }]]) {
  test(`W62 W64 W66 W67 axe finds nothing on any page, light and dark: ${lang}, ${viewport.width} px`, async () => {
    const t = await start({ lang, viewport, path: '/app/search', context: { bypassCSP: true, reducedMotion: 'reduce' } });
    const { page, server } = t;
    const found = [];
    await page.addInitScript(axe);
    await page.goto(server.url + pathOf(server, 'Kelompok 3'));
    await page.locator('.log article').first().waitFor();
    await page.locator('html[data-keys]').waitFor();
    await check(page, 'conversation', found);
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
    for (const [name, path, wait] of PLACES) { await go(page, path, wait); await check(page, name, found); }
    if (viewport.width < 760) { await go(page, '/app', '.chat'); await check(page, 'list', found); }
    const maya = await t.openAs('maya', '/app/rooms');
    await enter(maya);
    await page.goto(server.url + new URL(maya.url()).pathname);
    await page.locator('.outside button').waitFor();
    await check(page, 'room, outside', found);
    await page.locator('.outside button').click();
    await page.locator('.composer').waitFor();
    await check(page, 'room, inside', found);
    await maya.addScriptTag({ content: axe });
    await go(maya, '/app/admin/users', '.empty h2');
    await check(maya, 'administration, refused', found);
    await server.people.account('baru', 'Orang Baru');
    const welcome = await t.openAs('baru', '/app');
    await welcome.locator(viewport.width < 760 ? '.chats-empty' : '.welcome').waitFor();
    await welcome.addScriptTag({ content: axe });
    await check(welcome, viewport.width < 760 ? 'list' : 'welcome', found);
    const { code } = await server.api('izza', 'POST', `/conversations/${server.ids.izza['Kelompok 3']}/invitations`, { uses: 1, expires_in: 3600 });
    const invitation = [`/app/i/${code}`, '.auth-form .button-primary'];
    await go(welcome, ...invitation);
    await check(welcome, 'invitation, signed in', found);
    // Its worker is never ready, so that the page stays.
    await welcome.addInitScript(() => { ServiceWorkerContainer.prototype.register = () => new Promise(() => {}); });
    await welcome.goto(`${server.url}/app/offline`);
    await welcome.waitForFunction(() => document.getElementById('words').textContent);
    await welcome.addScriptTag({ content: axe });
    await check(welcome, 'offline', found);
    await t.context.clearCookies({ name: 'kabar_session' });
    for (const [name, path, wait] of [...OUTSIDE, ['invitation', ...invitation]]) {
      await page.goto(server.url + path);
      await page.locator(wait).waitFor();
      await check(page, name, found);
    }
    assert.deepEqual(found, []);
    await t.stop();
  });
}

test('W68 320 px: nothing scrolls sideways, targets are at least 24 px', async () => {
  const t = await start({ viewport: { width: 320, height: 640 }, path: '/app', lang: 'id' });
  const { page, server } = t;
  for (const [name, path, wait] of [['list', '/app', '.chat'], ...PLACES, ['conversation', pathOf(server, 'Kelompok 3'), '.log article']]) {
    await page.goto(server.url + path);
    await page.locator(wait).first().waitFor();
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth && (document.querySelector('.page-body, .settings-body, .log')?.scrollWidth ?? 0) <= innerWidth), `${name} scrolls sideways`);
    const small = await page.evaluate(() => [...document.querySelectorAll('button, a[href], input:not([type=radio]):not([hidden])')]
      .filter((e) => e.checkVisibility?.({ visibilityProperty: true, opacityProperty: true }) && !e.closest('p, .skip') && !e.classList.contains('skip'))
      .map((e) => [e.outerHTML.slice(0, 100), e.getBoundingClientRect()]).filter(([, r]) => r.width && (r.width < 24 || r.height < 24)).map(([html, r]) => `${Math.round(r.width)}×${Math.round(r.height)} ${html}`));
    assert.deepEqual(small, [], name);
  }
  await t.stop();
});
