// A browser with someone signed in, in front of a server of its own. `stop` is also the judge of what must never happen.
import assert from 'node:assert/strict';
import { after, afterEach } from 'node:test';
import { chromium } from 'playwright-core';
import { OPEN, startRealm, startServer } from '../real/server.mjs';

const BROWSER = process.env.CHROMIUM ?? '/usr/bin/chromium';
/** How long anything on a page may take. */
const PATIENCE_MS = 15_000;

/** What a failed test left open. */
const open = new Set();
/** One program for the tests of a file; each test has a profile of its own in it. */
let program = null;
afterEach(async () => { for (const stop of [...open]) await stop(); });
after(async () => { await (await program)?.close(); });

/**
 * @param {{user?: string|null, lang?: 'en'|'id', theme?: string, viewport?: object, path?: string, touch?: boolean, context?: object,
 *   world?: 'demo'|'huge'|'empty', env?: Record<string, string>, settings?: string, other?: {realm?: string, people?: string[], settings?: string}, before?: (server: any) => void|Promise<void>}} [options]
 *   `other`: a second realm, `server.other`; `before`: arranges the world before the page is opened
 */
export async function start({ user = 'izza', lang = 'en', theme = 'light', viewport = { width: 1280, height: 800 }, path = '/app', touch = false, context: more = {}, world, env, other, settings = other && OPEN, before } = {}) {
  const server = await startServer({ world, env, settings });
  const contexts = [];
  const stop = async () => {
    open.delete(stop);
    await Promise.all(contexts.map((context) => context.close()));
    const statuses = [await server.close(), await server.other?.close() ?? 0];
    return statuses.find((status) => status !== 0) ?? 0;
  };
  open.add(stop);
  if (other) server.other = await startRealm(other);
  await before?.(server);
  program ??= chromium.launch({ executablePath: BROWSER, args: ['--no-sandbox'] });
  const browser = await program;
  const faults = [];
  /** Another browser, as far as pages can tell. */
  const visit = async (who) => {
    const context = await browser.newContext({ viewport, hasTouch: touch, isMobile: touch, locale: lang === 'id' ? 'id-ID' : 'en-GB', timezoneId: 'Asia/Jakarta', ...more });
    contexts.push(context);
    const cookies = [{ name: 'theme', value: theme }, { name: 'lang', value: lang }];
    if (who) cookies.push({ name: 'kabar_session', value: server.cookie(who) });
    await context.addCookies(cookies.map((c) => ({ ...c, url: server.url })));
    await watch(context, server.url, faults);
    context.setDefaultTimeout(PATIENCE_MS);
    return context;
  };
  const context = await visit(user);
  const page = await context.newPage();
  await page.goto(server.url + path);
  return {
    server, page, context, browser, faults,
    open: async (where = path) => { const other = await context.newPage(); await other.goto(server.url + where); return other; },
    /** A page of someone else's, in another browser. */
    openAs: async (who, where = path) => { const other = await (await visit(who)).newPage(); await other.goto(server.url + where); return other; },
    async stop() {
      assert.equal(await stop(), 0, 'the server stops when it is asked to');
      assert.deepEqual(faults, []);
    },
  };
}

async function watch(context, url, faults) {
  await context.addInitScript(() => {
    addEventListener('securitypolicyviolation', (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
  });
  context.on('request', (request) => {
    const asked = new URL(request.url());
    if (!['data:', 'blob:'].includes(asked.protocol) && asked.origin !== url) faults.push(`foreign: ${request.url()}`);
  });
  context.on('page', (page) => {
    page.on('pageerror', (error) => {
      // What a document leaves behind that goes away in the middle of something has neither words nor a stack.
      if (error.stack || error.message) faults.push(`error: ${error.stack || error.message}`);
    });
    page.on('console', (line) => {
      // A refused request is told by the app; the browser's own line about it is not a fault.
      if (line.type() === 'error' && !/Failed to load resource|WebSocket connection/.test(line.text())) faults.push(`console: ${line.text()}`);
    });
  });
}

/** The address of a conversation of the demo that izza is in, by its name or the other's username. */
export function pathOf(server, name, seq) {
  const id = server.ids.izza[name];
  if (!id) throw new Error(`izza has no conversation with ${name} in the template`);
  return `/app/c/${id}${seq ? `/${seq}` : ''}`;
}
/** Keeps the app on this device, as the button in the settings does, and comes back to `path`: it then opens without the server. */
export async function keepOffline(page, server, path) {
  await page.goto(`${server.url}/app/offline?back=${encodeURIComponent(path)}`);
  await page.waitForURL(`**${path}`);
  await page.waitForFunction(() => navigator.serviceWorker.controller);
}
/** The page listens to the keyboard. */
export const ready = async (page) => { await field(page).waitFor(); await page.locator('html[data-keys]').waitFor(); };
/** Sends what a person would type and send. */
export const send = async (page, text) => { await field(page).fill(text); await field(page).press('Enter'); };
export const field = (page) => page.locator('.composer-field');
export const log = (page) => page.locator('.log');
export const messages = (page) => page.locator('.log article');
/** The numbers of the messages that the page shows, in its order. */
export const shown = (page) => page.locator('.log article[data-seq]').evaluateAll((all) => all.map((e) => Number(e.dataset.seq)));
