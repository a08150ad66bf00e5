import test from 'node:test';
import assert from 'node:assert/strict';
import { field, log, messages, pathOf, start } from './harness.mjs';

const PAYLOADS = ['<img src=x onerror="alert(1)">', '<script>alert(1)</script>', '"><svg onload=alert(1)>', "';alert(1)//", '<iframe src="javascript:alert(1)">',
  '<a href="javascript:alert(1)">x</a>', '<math><mtext><style><img src onerror=alert(1)>', '{{constructor.constructor("alert(1)")()}}', '${alert(1)}', '<body onload=alert(1)>',
  '&lt;script&gt;', '<template><script>alert(1)</script></template>', 'javascript:alert(1)', 'https://a.example/"onmouseover="alert(1)', '```<script>alert(1)</script>```',
  '`<img src=x onerror=alert(1)>`', '**<b onclick=alert(1)>x</b>**', '@<script>', ':<svg/onload=alert(1)>:', '\u202e<script>', '<details open ontoggle=alert(1)>', '<input autofocus onfocus=alert(1)>',
  '<form action=javascript:alert(1)><button>x', '<object data=javascript:alert(1)>', '<embed src=javascript:alert(1)>', '<link rel=stylesheet href=//evil.example>', '<base href=//evil.example>',
  '<meta http-equiv=refresh content=0;url=//evil.example>', '<style>*{display:none}</style>', '<!--<script>-->', ']]><script>', '\u0000<script>alert(1)</script>', '<ScRiPt>alert(1)</sCrIpT>',
  '<svg><animate onbegin=alert(1)>', '<video><source onerror=alert(1)>', '<marquee onstart=alert(1)>', 'data:text/html,<script>alert(1)</script>', 'vbscript:msgbox(1)', '%3Cscript%3E', '\\u003cscript\\u003e'];

test('W71 40 hostile texts, names and file names stay text', async () => {
  const s = await start({ before: (mock) => {
    mock.world.users.get('maya').name = '<img src=x onerror=alert(1)>';
    mock.find('izza', 'Kelompok 3').name = '<script>alert(1)</script>';
    const c = mock.find('izza', 'maya');
    for (const text of PAYLOADS) mock.world.post(c, 'maya', { text, quiet: true });
    mock.world.post(c, 'maya', { quiet: true, file: { code: 'ffffff', name: '"><img src=x onerror=alert(1)>.html', size: 4, media_type: 'text/html', width: null, height: null, url: '/api/v1/files/ffffff/x' } });
  } });
  let alerts = 0;
  s.page.on('dialog', (d) => { alerts += 1; d.dismiss(); });
  await s.page.goto(s.mock.url + pathOf(s.mock, 'maya'));
  await messages(s.page).nth(40).waitFor();
  assert.equal(PAYLOADS.length, 40);
  const made = await s.page.evaluate(() => document.querySelectorAll('.log script, .log iframe, .log svg:not(.icon), .log img[src="x"], .log form, .log object, .log embed, .log style, .log base, .log [onerror], .log [onload], nav img').length);
  assert.equal(made, 0);
  for (const href of await s.page.locator('.log a[href]').evaluateAll((all) => all.map((a) => a.protocol))) assert.match(href, /^(https?|mailto):$/);
  assert.ok((await log(s.page).textContent()).includes(PAYLOADS[0]));
  assert.equal(alerts, 0);
  await s.stop();
});

test('W51 links carry rel, and look-alike hosts are shown for what they are', async () => {
  const s = await start();
  s.mock.say('maya', 'izza', 'https://example.org/a dan https://аpple.com/');
  await s.page.goto(s.mock.url + pathOf(s.mock, 'maya'));
  const links = s.page.locator('.log .message-body a');
  await links.nth(1).waitFor();
  assert.equal(await links.first().getAttribute('rel'), 'noopener noreferrer nofollow');
  assert.equal(await links.nth(1).textContent(), 'https://xn--pple-43d.com/');
  await s.stop();
});

test('W47 W46 deleting asks and leaves the same sign everywhere; an edit moves nobody', async () => {
  const s = await start({ before: (mock) => mock.fill('maya', 120) });
  const path = pathOf(s.mock, 'maya');
  const other = await s.browser.newContext();
  await other.addCookies([{ name: 'kabar_session', value: s.mock.cookie('maya'), url: s.mock.url }]);
  const theirs = await other.newPage();
  await theirs.goto(s.mock.url + path);
  await messages(theirs).last().waitFor();
  await log(theirs).evaluate((el) => el.scrollBy(0, -900));
  await theirs.waitForTimeout(200);
  const before = await log(theirs).evaluate((el) => el.scrollTop);
  await s.page.goto(s.mock.url + path);
  const own = s.page.locator('.log article').filter({ hasText: 'Baris 119 ' });
  const author = s.mock.find('izza', 'maya').messages[121].author.username;
  const target = author === 'izza' ? own : s.page.locator('.log article', { has: s.page.locator('xpath=self::*') }).filter({ hasText: 'Baris' }).last();
  await field(s.page).fill('akan dihapus');
  await field(s.page).press('Enter');
  const mine = s.page.locator('.log article').filter({ hasText: 'akan dihapus' });
  await mine.waitFor();
  await target.waitFor();
  await s.page.waitForFunction(() => !document.querySelector('.sending'));
  await mine.hover();
  await mine.getByRole('button', { name: 'More' }).click();
  await s.page.getByRole('menuitem', { name: 'Delete message' }).click();
  await s.page.getByRole('dialog').getByRole('button', { name: 'Delete message' }).click();
  await s.page.locator('.tombstone').waitFor();
  await theirs.locator('.tombstone').waitFor({ state: 'attached' });
  assert.ok(Math.abs(await log(theirs).evaluate((el) => el.scrollTop) - before) <= 2);
  await other.close();
  await s.stop();
});

test('W48 W49 reactions toggle and name people; a quote leads to its message', async () => {
  const s = await start();
  await s.page.goto(s.mock.url + pathOf(s.mock, 'Kelompok 3'));
  const pill = s.page.locator('.reaction').filter({ hasText: '❤️' });
  await pill.click();
  await s.page.waitForFunction(() => [...document.querySelectorAll('.reaction')].some((e) => e.textContent === '❤️2' && e.getAttribute('aria-pressed') === 'true'));
  assert.match(await pill.getAttribute('aria-label'), /Azizatul.*you/);
  await pill.click();
  await s.page.waitForFunction(() => [...document.querySelectorAll('.reaction')].some((e) => e.textContent === '❤️1'));
  await s.page.locator('a.quote').click();
  await s.page.locator('article.message-shown[data-seq="6"]').waitFor();
  await s.stop();
});

test('W53 who types is shown, and not in the log', async () => {
  const s = await start();
  await s.page.goto(s.mock.url + pathOf(s.mock, 'Kelompok 3'));
  await messages(s.page).last().waitFor();
  await s.page.waitForTimeout(200);
  s.mock.typing('maya', 'Kelompok 3');
  await s.page.getByText('Kholishotul Amaliah is typing').waitFor({ timeout: 1000 });
  assert.equal(await log(s.page).getByText('is typing').count(), 0);
  await s.page.getByText('is typing').waitFor({ state: 'detached', timeout: 7000 });
  await s.stop();
});

test('W55 a wide code block scrolls inside itself and can be copied; every text is dir=auto', async () => {
  const s = await start();
  s.mock.say('maya', 'izza', `\`\`\`\n${'x'.repeat(200)}\n\`\`\`\nشكرا`);
  await s.page.goto(s.mock.url + pathOf(s.mock, 'maya'));
  const pre = s.page.locator('.code pre');
  await pre.waitFor();
  assert.ok(await pre.evaluate((e) => e.scrollWidth > e.clientWidth));
  assert.equal(await log(s.page).evaluate((e) => e.scrollWidth <= e.clientWidth), true);
  assert.equal(await s.page.locator('.log .message-body p:not([dir=auto])').count(), 0);
  await s.page.getByRole('button', { name: 'Copy code' }).waitFor();
  await s.stop();
});

test('W64 W65 W66 the log is one stop, arrows walk it, names say everything, only new ones are read out', async () => {
  const s = await start({ before: (mock) => mock.fill('maya', 130) });
  await s.page.goto(s.mock.url + pathOf(s.mock, 'maya'));
  await messages(s.page).last().waitFor();
  assert.equal(await log(s.page).getAttribute('aria-label'), 'Messages with Kholishotul Amaliah');
  assert.equal(await s.page.locator('.log [tabindex="0"]').count(), 1);
  await messages(s.page).last().focus();
  await s.page.keyboard.press('ArrowUp');
  const name = await s.page.evaluate(() => document.activeElement.getAttribute('aria-label'));
  assert.match(name, /^[^,]+, .*20\d\d.*Baris 129/);
  const said = s.page.locator('.log-frame [aria-live=polite]');
  await log(s.page).evaluate((el) => { el.scrollTop = 0; });
  await s.page.waitForTimeout(300);
  assert.equal(await said.textContent(), '');
  s.mock.say('maya', 'izza', 'halo');
  await s.page.waitForFunction(() => document.querySelector('.log-frame [aria-live=polite]').textContent === 'Kholishotul Amaliah: halo');
  await s.stop();
});
