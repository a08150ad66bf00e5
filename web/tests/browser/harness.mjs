// A browser with someone signed in, in front of a mock of its own. `stop` is also the judge of what must never happen.
import assert from 'node:assert/strict';
import { afterEach } from 'node:test';
import { chromium } from 'playwright-core';
import { startMock } from '../mock/server.mjs';

/** What a failed test left open. */
const open = new Set();
afterEach(async () => { for (const stop of [...open]) await stop(); });

const BROWSER = process.env.CHROMIUM ?? '/usr/bin/chromium';

/**
 * @param {{user?: string|null, lang?: 'en'|'id', theme?: string, viewport?: object, path?: string, touch?: boolean, context?: object,
 *   before?: (mock: any) => void}} [options] `before`: arranges the world before the page is opened
 */
export async function start({ user = 'izza', lang = 'en', theme = 'light', viewport = { width: 1280, height: 800 }, path = '/app', touch = false, context: more = {}, before } = {}) {
  const mock = await startMock();
  before?.(mock);
  const browser = await chromium.launch({ executablePath: BROWSER, args: ['--no-sandbox'] });
  const stop = async () => { open.delete(stop); await browser.close(); await mock.close(); };
  open.add(stop);
  const context = await browser.newContext({ viewport, hasTouch: touch, isMobile: touch, locale: lang === 'id' ? 'id-ID' : 'en-GB', timezoneId: 'Asia/Jakarta', ...more });
  const cookies = [{ name: 'theme', value: theme }, { name: 'lang', value: lang }];
  if (user) cookies.push({ name: 'kabar_session', value: mock.cookie(user) });
  await context.addCookies(cookies.map((c) => ({ ...c, url: mock.url })));
  const faults = [];
  const watch = (page) => {
    page.on('pageerror', (error) => faults.push(`error: ${error.stack}`));
    page.on('console', (line) => {
      // A refused request is told by the app; the browser's own line about it is not a fault.
      if (line.type() === 'error' && !/Failed to load resource|WebSocket connection/.test(line.text())) faults.push(`console: ${line.text()}`);
    });
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (!['data:', 'blob:'].includes(url.protocol) && url.origin !== mock.url) faults.push(`foreign: ${request.url()}`);
    });
  };
  context.on('page', watch);
  context.setDefaultTimeout(6_000);
  const page = await context.newPage();
  await page.goto(mock.url + path);
  return {
    mock, page, context, browser, faults,
    open: async (where = path) => { const other = await context.newPage(); await other.goto(mock.url + where); return other; },
    async stop() {
      await stop();
      assert.deepEqual(faults, []);
    },
  };
}

/** The address of a conversation of the demo, by its name or the other's username. */
export const pathOf = (mock, name, seq) => `/app/c/${mock.find('izza', name).id}${seq ? `/${seq}` : ''}`;
export const field = (page) => page.locator('.composer-field');
export const log = (page) => page.locator('.log');
export const messages = (page) => page.locator('.log article');
