// Data directories that are made once and copied for each test: a test has its own server within a second.
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, rmSync, statfsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { KABAR, Kabar } from './kabar.mjs';
import { People } from './people.mjs';
import { PEOPLE, talk } from './world.mjs';

const MEMORY = '/dev/shm';
const MEMORY_BYTES_MIN = 1024 ** 3;
/** In memory where there is room for it: the disk's syncs are not what these tests are about. */
function base() {
  try {
    accessSync(MEMORY, constants.W_OK);
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize >= MEMORY_BYTES_MIN ? MEMORY : tmpdir();
  } catch { return tmpdir(); }
}
const ROOT = join(process.env.KABAR_TESTS_DIR ?? base(), `kabar-web-tests-${userInfo().uid}`);
/** A template that was not copied for so long is not one that another run is about to copy. */
const TEMPLATE_AGE_MS = 24 * 3600e3;
const SOURCES = ['world.mjs', 'people.mjs', 'picture.mjs', 'template.mjs'];
/** The messages between izza and maya in the template `huge`. */
export const HUGE = 100_000;

const MAKERS = {
  async demo(data) {
    await underServer(data, {}, async (people) => {
      for (const [username, name, country] of PEOPLE) await people.account(username, name, country);
      await talk(people);
    });
  },
  async huge(data) {
    const from = await template('demo');
    await cp(from.data, data, { recursive: true });
    await underServer(data, from.tokens, async (people) => {
      const id = await people.direct('izza', 'maya');
      const { last_seq } = await people.api('izza', 'GET', `/conversations/${id}`);
      await people.chatter('izza', 'maya', HUGE - last_seq);
    });
  },
  async empty(data) { await underServer(data, {}, async () => {}); },
};

/** Directories that this process has to remove. */
const own = new Set();
process.on('exit', () => { for (const directory of own) rmSync(directory, { recursive: true, force: true, maxRetries: 5 }); });

/** What processes left that were killed. */
let swept = null;
async function sweep() {
  await mkdir(ROOT, { recursive: true, mode: 0o700 });
  for (const entry of await readdir(ROOT)) {
    const pid = Number(/^(?:test|making)-(\d+)-/.exec(entry)?.[1]);
    if (pid && !alive(pid)) await rm(join(ROOT, entry), { recursive: true, force: true });
  }
}
function alive(pid) {
  try { process.kill(pid, 0); return true; } catch (error) { return error.code !== 'ESRCH'; }
}

/** A directory of its own, gone when it is discarded or this process ends. */
export async function scratch(kind) {
  await (swept ??= sweep());
  const directory = await mkdtemp(join(ROOT, `${kind}-${process.pid}-`));
  own.add(directory);
  return directory;
}

export async function discard(directory) {
  await rm(directory, { recursive: true, force: true });
  own.delete(directory);
}

/** `{data, tokens, ids}` of a template: `ids[user][name]` are conversations, by the name or the username of the other. */
export async function template(name) {
  const place = join(ROOT, `${name}-${await version()}`);
  if (!existsSync(place)) {
    const made = await scratch('making');
    await mkdir(join(made, 'data'), { mode: 0o700 });
    await MAKERS[name](join(made, 'data'), made);
    await rename(join(made, 'data', 'template.json'), join(made, 'template.json'));
    // Who is second finds the first one's in its place.
    await rename(made, place).then(() => own.delete(made), async (error) => {
      if (!['ENOTEMPTY', 'EEXIST'].includes(error.code)) throw error;
      await discard(made);
    });
    await forgetOlder(place);
  }
  // In use.
  await utimes(place, new Date(), new Date());
  return { data: join(place, 'data'), ...JSON.parse(await readFile(join(place, 'template.json'), 'utf8')) };
}

/** A copy of a template for one test. */
export async function copyOf(name) {
  const { data, tokens, ids } = await template(name);
  const directory = await scratch('test');
  await cp(data, join(directory, 'data'), { recursive: true, mode: constants.COPYFILE_FICLONE });
  return { directory, data: join(directory, 'data'), tokens, ids };
}

async function underServer(data, tokens, make) {
  const server = await Kabar.start({ data });
  const people = new People(() => server, { ...tokens });
  await make(people);
  const ids = {};
  for (const user of Object.keys(people.tokens)) {
    const { conversations } = await people.api(user, 'GET', '/conversations');
    ids[user] = Object.fromEntries(conversations.map((c) => [c.with?.username ?? c.name, c.id]));
  }
  const status = await server.stop();
  await rm(join(data, 'control.sock'), { force: true }); // a socket cannot be copied
  if (status !== 0) throw new Error(`the server ended with ${status}:\n${server.said}`);
  await writeFile(join(data, 'template.json'), JSON.stringify({ tokens: people.tokens, ids }));
}

/** Another program, another world or another day makes another template. */
async function version() {
  const { size, mtimeMs } = await stat(KABAR);
  const hash = createHash('sha256').update(`${size} ${mtimeMs} ${new Date().toDateString()}`);
  for (const name of SOURCES) hash.update(await readFile(new URL(name, import.meta.url)));
  return hash.digest('hex').slice(0, 12);
}

async function forgetOlder(place) {
  for (const entry of await readdir(ROOT)) {
    const other = join(ROOT, entry);
    if (!Object.keys(MAKERS).some((name) => entry.startsWith(`${name}-`)) || other === place) continue;
    const { mtimeMs } = await stat(other).catch(() => ({ mtimeMs: Infinity }));
    if (Date.now() - mtimeMs > TEMPLATE_AGE_MS) await rm(other, { recursive: true, force: true });
  }
}
