// The server itself: started on a data directory and a free port of this machine, ended by its process id.
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const KABAR = process.env.KABAR_BIN ?? fileURLToPath(new URL('../../../target/debug/kabar', import.meta.url));
/** Where the app is read from instead of from the program, so that an edit shows without a build. */
const WEB_DIR = process.env.WEB_DIR;
const PATIENCE_MS = 20_000;

/** What still runs when the tests end, for whatever reason: a signal alone would end this process without a word. */
const running = new Set();
process.on('exit', () => { for (const child of running) child.kill('SIGKILL'); });
for (const [signal, number] of [['SIGHUP', 1], ['SIGINT', 2], ['SIGTERM', 15]]) process.once(signal, () => process.exit(128 + number));

export class Kabar {
  /** @param {{data?: string, demo?: boolean, realm?: string, port?: number, env?: Record<string, string>, settings?: string}} options `settings`: a file of them, in which PORT is its port */
  constructor({ data, demo = false, realm = 'surabaya', port = 0, env = {}, settings = '' }) { Object.assign(this, { data, demo, realm, port, env, settings }); }

  static async start(options) {
    const kabar = new Kabar(options);
    await kabar.up();
    // Known only now, so it begins once more with what it is to say of itself.
    if (kabar.settings.includes('PORT')) {
      await kabar.stop();
      kabar.settings = kabar.settings.replaceAll('PORT', kabar.port);
      await kabar.up();
    }
    return kabar;
  }

  get url() { return `http://127.0.0.1:${this.port}`; }

  /** Starts, and is back when the server says that it is ready. */
  async up() {
    const place = this.demo ? ['--demo'] : ['--data', this.data];
    const args = ['serve', ...place, '--realm', this.realm, '--listen', `127.0.0.1:${this.port}`];
    if (this.settings) {
      const file = join(this.data, 'kabar.toml');
      await writeFile(file, this.settings.replaceAll('PORT', '1'));
      args.push('--config', file);
    }
    if (WEB_DIR) args.push('--web-dir', WEB_DIR);
    const child = spawn(KABAR, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, KABAR_LANG: 'en', KABAR_LOG__LEVEL: 'warn', ...this.env } });
    running.add(child);
    this.child = child;
    this.said = '';
    child.stderr.on('data', (text) => { this.said = (this.said + text).slice(-16_384); });
    this.ended = new Promise((done) => {
      child.on('exit', (code, signal) => { running.delete(child); done(code ?? signal); });
      child.on('error', (error) => { running.delete(child); done(String(error)); });
    });
    const ready = new Promise((done) => {
      createInterface({ input: child.stdout }).on('line', (line) => { if (line.startsWith('ready ')) done(line.slice(6)); });
    });
    const lost = this.ended.then((how) => { throw new Error(`${KABAR} ended with ${how} before it was ready:\n${this.said}`); });
    const page = await within(Promise.race([ready, lost]), 'the server is ready');
    this.port = Number(new URL(page).port);
  }

  /** Asks it to stop; its exit status. */
  async stop() {
    this.child.kill('SIGTERM');
    return within(this.ended, 'the server stops').catch(async (error) => { await this.kill(); throw error; });
  }

  /** As a power cut would. */
  async kill() {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  /** Once more on the same data and the same port. */
  async restart() { await this.up(); }
}

function within(promise, what) {
  let timer;
  const late = new Promise((_, fail) => { timer = setTimeout(() => fail(new Error(`not within ${PATIENCE_MS} ms: ${what}`)), PATIENCE_MS); });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
