// Pictures of the pages for docs/screens, from a server with the demo's people.
// node tests/screens.mjs [DIRECTORY]
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { Kabar } from './real/kabar.mjs';
import { People } from './real/people.mjs';
import { Proxy } from './real/proxy.mjs';

const OUT = process.argv[2] ?? fileURLToPath(new URL('../../docs/screens/', import.meta.url));
const TOTAL_BYTES_MAX = 3_000_000;
const SIZES = { wide: { width: 1280, height: 800 }, narrow: { width: 390, height: 844 } };
const DAY_MS = 24 * 3600e3;

const open = (name) => async (page, { ids }) => {
  await page.goto(`/app/c/${ids[name]}`);
  await page.locator('.log article').last().waitFor();
};
const at = (path, wait) => async (page) => { await page.goto(path); await page.locator(wait).first().waitFor(); };
const then = (first, more) => async (page, world) => { await first(page, world); await page.locator('html[data-keys]').waitFor(); await more(page); };
const key = (keys, wait) => async (page) => { await page.keyboard.press(keys); await page.locator(wait).first().waitFor(); };

/** A new page is a row: its name, how one gets there, and where it is shown otherwise than wide and narrow in light. */
const PAGES = [
  { name: 'signin', go: at('/app/signin', '.auth-form'), user: null },
  { name: 'register', go: at('/app/register', '.auth-form'), user: null, only: ['wide'] },
  { name: 'list', go: at('/app', '.chat'), only: ['narrow'] },
  { name: 'group', go: open('Kelompok 3'), also: [{ theme: 'dark' }, { lang: 'id' }] },
  { name: 'private', go: open('messi') },
  { name: 'panel', go: then(open('Kelompok 3'), key('Control+.', '.panel .row')) },
  { name: 'switcher', go: then(open('Kelompok 3'), key('Control+k', 'dialog[open]')), only: ['wide'], also: [{ theme: 'dark' }] },
  { name: 'shortcuts', go: then(open('Kelompok 3'), key('Control+/', 'dialog[open]')), only: ['wide'] },
  { name: 'people', go: at('/app/people', '.row') },
  { name: 'groups', go: at('/app/groups', '.row'), only: ['wide'] },
  { name: 'rooms', go: at('/app/rooms', '.row, .empty'), only: ['wide'] },
  { name: 'contacts', go: at('/app/contacts', '.row'), only: ['wide'] },
  { name: 'search', go: at('/app/search?q=laporan', '.result') },
  { name: 'mentions', go: at('/app/mentions', '.result'), only: ['wide'] },
  { name: 'settings', go: at('/app/settings/appearance', '.segments'), also: [{ theme: 'dark' }] },
  { name: 'terminal', go: at('/app/settings/terminal', '.settings-form'), only: ['wide'] },
  { name: 'programs', go: at('/app/settings/programs', '.settings-body'), only: ['wide'] },
  { name: 'sessions', go: at('/app/settings/sessions', '.settings-body'), only: ['wide'] },
  { name: 'users', go: at('/app/admin/users', '.rows') },
  { name: 'limits', go: at('/app/admin/limits', '.limits'), only: ['wide'] },
  { name: 'front', go: at('/', 'h1'), user: null },
];

/** As if it had been written over two days. */
function spread(answer, now) {
  const age = (message, back) => { message.at = new Date(now - (back * 4 + 9) * 60e3 - (back > 4 ? DAY_MS : 0)).toISOString(); };
  const list = (value) => (Array.isArray(value) ? value : []);
  list(answer.messages).forEach((message, i, all) => age(message, all.length - 1 - i));
  list(answer.conversations).forEach((conversation, i) => { if (conversation.last) age(conversation.last, i * 2); });
  list(answer.results).forEach((found, i) => age(found.message, i * 3));
}

async function shoot(browser, place, world, page) {
  const { name, go, user = 'izza' } = page;
  const views = Object.keys(SIZES).filter((size) => (page.only ?? [size]).includes(size)).map((size) => ({ size }));
  for (const more of page.also ?? []) views.push({ size: page.only?.[0] ?? 'wide', ...more });
  for (const { size, theme = 'light', lang = 'en' } of views) {
    const narrow = size === 'narrow';
    const context = await browser.newContext({ baseURL: place, viewport: SIZES[size], hasTouch: narrow, isMobile: narrow, reducedMotion: 'reduce', timezoneId: 'Asia/Jakarta', locale: lang === 'id' ? 'id-ID' : 'en-GB' });
    const cookies = { theme, lang, ...(user && { kabar_session: world.tokens[user] }) };
    await context.addCookies(Object.entries(cookies).map(([key_, value]) => ({ name: key_, value, url: place })));
    const tab = await context.newPage();
    await go(tab, world);
    await tab.waitForLoadState('networkidle');
    const rest = [narrow && 'narrow', theme !== 'light' && theme, lang !== 'en' && lang].filter(Boolean);
    await tab.screenshot({ path: join(OUT, `${[name, ...rest].join('-')}.png`), scale: 'css', caret: 'hide', animations: 'disabled' });
    await context.close();
  }
}

const kabar = await Kabar.start({ demo: true });
const proxy = await Proxy.start(() => kabar.port);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
try {
  const people = new People(() => kabar);
  await people.signIn('izza');
  const { conversations } = await people.api('izza', 'GET', '/conversations');
  const ids = Object.fromEntries(conversations.map((c) => [c.with?.username ?? c.name, c.id]));
  const now = Date.now();
  proxy.rewrite((answer) => { spread(answer, now); });
  await mkdir(OUT, { recursive: true });
  for (const old of await readdir(OUT)) if (old.endsWith('.png')) await rm(join(OUT, old));
  for (const page of PAGES) await shoot(browser, proxy.url, { ids, tokens: people.tokens }, page);
  const sizes = await Promise.all((await readdir(OUT)).map(async (name) => (await stat(join(OUT, name))).size));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  console.log(`${sizes.length} pictures, ${Math.round(total / 1e3)} kB in ${OUT}`);
  if (total > TOTAL_BYTES_MAX) throw new Error(`more than ${TOTAL_BYTES_MAX} bytes`);
} finally {
  await browser.close();
  await proxy.close();
  await kabar.stop();
}
