// What people write, and what they call themselves, their groups and their files, is never more than text.
import test from 'node:test';
import assert from 'node:assert/strict';
import { log, messages, pathOf, start } from './harness.mjs';

const PAYLOADS = ['<img src=x onerror="alert(1)">', '<script>alert(1)</script>', '"><svg onload=alert(1)>', "';alert(1)//", '<iframe src="javascript:alert(1)">',
  '<a href="javascript:alert(1)">x</a>', '<math><mtext><style><img src onerror=alert(1)>', '{{constructor.constructor("alert(1)")()}}', '${alert(1)}', '<body onload=alert(1)>',
  '&lt;script&gt;', '<template><script>alert(1)</script></template>', 'javascript:alert(1)', 'https://a.example/"onmouseover="alert(1)', '```<script>alert(1)</script>```',
  '`<img src=x onerror=alert(1)>`', '**<b onclick=alert(1)>x</b>**', '@<script>', ':<svg/onload=alert(1)>:', '\u202e<script>', '<details open ontoggle=alert(1)>', '<input autofocus onfocus=alert(1)>',
  '<form action=javascript:alert(1)><button>x', '<object data=javascript:alert(1)>', '<embed src=javascript:alert(1)>', '<link rel=stylesheet href=//evil.example>', '<base href=//evil.example>',
  '<meta http-equiv=refresh content=0;url=//evil.example>', '<style>*{display:none}</style>', '<!--<script>-->', ']]><script>', '\u0000<script>alert(1)</script>', '<ScRiPt>alert(1)</sCrIpT>',
  '<svg><animate onbegin=alert(1)>', '<video><source onerror=alert(1)>', '<marquee onstart=alert(1)>', 'data:text/html,<script>alert(1)</script>', 'vbscript:msgbox(1)', '%3Cscript%3E', '\\u003cscript\\u003e'];

/** What must not come of any of them. */
const MADE = 'main script, main iframe, nav img[src="x"], main img[src="x"], svg[onload], main form[action^=javascript], main object, main embed, main style, main base, main meta, main marquee, main details[ontoggle], [onerror], [onload], [onclick], [onfocus], [onstart], [onbegin], a[href^="javascript:" i], a[href^="data:" i], a[href^="vbscript:" i]';

/** A person and a group of that name, a message and a file of it; what the server refuses is none. */
async function write(server, text, at, refused) {
  const attempt = async (what, wish) => {
    try { return await wish(); } catch (error) {
      if (!(error.status >= 400 && error.status < 500)) throw error;
      refused.push(`${what}: ${text}`);
      return null;
    }
  };
  const { people, ids } = server;
  const maya = ids.maya.izza;
  await attempt('text', () => people.say('maya', maya, text));
  await attempt('file', () => people.file('maya', maya, `${text}.html`, Buffer.from(text)));
  const group = await attempt('group', () => people.api('maya', 'POST', '/groups', { name: text.slice(0, 64), visibility: 'public' }));
  if (group) {
    await people.api('izza', 'POST', '/groups/join', { group: group.code });
    await people.say('maya', group.id, `@izza ${at}`);
  }
  const who = `tamu${at}`;
  if (at % 8 === 0) {
    await people.account(who);
    await attempt('name', () => people.api(who, 'PATCH', '/me', { name: text.slice(0, 64) }));
    await people.say(who, await people.direct(who, 'izza'), text);
  }
}

test('W71 40 hostile texts, names, names of groups and names of files stay text on every page', async () => {
  const s = await start({ user: null, path: '/app/signin' });
  const { page, server } = s;
  const refused = [];
  assert.equal(PAYLOADS.length, 40);
  for (const [at, text] of PAYLOADS.entries()) await write(server, text, at, refused);
  assert.ok(refused.length < 20, `most are taken: ${refused}`);
  await s.context.addCookies([{ name: 'kabar_session', value: server.cookie('izza'), url: server.url }]);
  let alerts = 0;
  page.on('dialog', (d) => { alerts += 1; d.dismiss(); });
  const harmless = async (where) => {
    assert.deepEqual(await page.evaluate((made) => [...document.querySelectorAll(made)].map((e) => e.outerHTML.slice(0, 120)), MADE), [], where);
    assert.equal(alerts, 0, where);
  };
  await page.goto(server.url + pathOf(server, 'maya'));
  await messages(page).nth(60).waitFor();
  for (const href of await page.locator('.log a[href]').evaluateAll((all) => all.map((a) => a.protocol))) assert.match(href, /^(https?|mailto):$/);
  assert.ok((await log(page).textContent()).includes(PAYLOADS[0]));
  await harmless('conversation');
  for (const [path, wait] of [['/app/people', '.row'], ['/app/groups', '.row'], ['/app/mentions', '.result'], ['/app/search?q=alert', '.result']]) {
    await page.goto(server.url + path);
    await page.locator(wait).first().waitFor();
    await harmless(path);
  }
  await page.keyboard.press('Control+k');
  await page.keyboard.type('<');
  await page.getByRole('option').first().waitFor();
  await harmless('switcher');
  await s.stop();
});

test('W71 the policy of the page is the one that was meant, and it holds', async () => {
  const s = await start();
  const { page, server, faults } = s;
  const policy = (await fetch(`${server.url}/app`)).headers.get('content-security-policy');
  for (const part of ["default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'"]) {
    assert.ok(policy.includes(part), `${part} in ${policy}`);
  }
  // The judge of all these tests sees a breach: markup from a string, code in a string, another origin.
  await page.locator('html[data-keys]').waitFor();
  assert.equal(await page.evaluate(() => { try { document.createElement('p').innerHTML = '<b>x</b>'; return 'done'; } catch (error) { return error.name; } }), 'TypeError');
  await page.evaluate(() => fetch('http://127.0.0.1:9/').catch(() => {}));
  await page.waitForFunction(() => true);
  assert.ok(faults.some((f) => /policy: .*trusted-types/i.test(f)), faults.join());
  assert.ok(faults.some((f) => /policy: connect-src|foreign:/.test(f)), faults.join());
  faults.length = 0;
  await s.stop();
});
