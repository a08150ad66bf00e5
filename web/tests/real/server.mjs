// A server of a test's own with a proxy before it, and the people of the template at hand.
// node tests/real/server.mjs: one to look at, with the world of the tests
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Lines } from './client.mjs';
import { Kabar } from './kabar.mjs';
import { People } from './people.mjs';
import { Proxy } from './proxy.mjs';
import { copyOf, discard, scratch } from './template.mjs';
import { PASSWORD } from './world.mjs';

/** @param {{world?: 'demo'|'huge'|'empty', env?: Record<string, string>, settings?: string}} [options] `env`, `settings`: those of the server */
export async function startServer({ world = 'demo', env, settings } = {}) {
  const copy = await copyOf(world);
  const kabar = await Kabar.start({ data: copy.data, env, settings });
  const proxy = await Proxy.start(() => kabar.port);
  const people = new People(() => kabar, { ...copy.tokens });
  /** The id of a conversation, by itself, a name, or a username. */
  const idOf = async (user, where) => {
    if (/^c\d+$/.test(where)) return where;
    if (copy.ids[user]?.[where]) return copy.ids[user][where];
    const { conversations } = await people.api(user, 'GET', '/conversations');
    return conversations.find((c) => c.name === where || c.with?.username === where)?.id ?? people.direct(user, where);
  };
  const server = {
    kabar, proxy, people, data: copy.data, ids: copy.ids,
    get url() { return proxy.url; },
    get requests() { return proxy.requests; },
    cookie: (user) => people.tokens[user],
    api: (user, method, path, body) => people.api(user, method, path, body),
    idOf,
    find: async (user, where) => people.api(user, 'GET', `/conversations/${await idOf(user, where)}`),
    say: async (user, where, text, more) => people.say(user, await idOf(user, where), text, more),
    read: async (user, where, seq) => people.read(user, await idOf(user, where), seq),
    async readAll(user) { for (const id of Object.values(copy.ids[user])) await people.read(user, id); },
    messages: async (user, where) => people.messages(user, await idOf(user, where)),
    texts: async (user, where) => (await server.messages(user, where)).map((m) => m.text),
    fill: (a, b, count) => people.chatter(a, b, count),
    typing: async (user, where) => people.api(user, 'POST', `/conversations/${await idOf(user, where)}/typing`),
    lines: () => new Lines(kabar.port),
    delay: (ms) => proxy.delay(ms),
    drop: () => proxy.drop(),
    mute: () => proxy.mute(),
    offline: (on) => proxy.offline(on),
    failNext: (...how) => proxy.failNext(...how),
    loseAck: (times) => proxy.loseAck(times),
    slowUpload: (bytesPerSec) => proxy.slowUpload(bytesPerSec),
    rewrite: (change) => proxy.rewrite(change),
    kill: () => kabar.kill(),
    restart: () => kabar.restart(),
    /** Its exit status: a server that cannot stop is a fault, too. */
    async close() {
      await proxy.close();
      const status = kabar.child.exitCode === null && kabar.child.signalCode === null ? await kabar.stop() : 0;
      await discard(copy.directory);
      return status;
    },
  };
  return server;
}

/** Servers that link without asking, also on one machine. */
export const OPEN = '[realms]\naccept = "open"\nprivate = true\n';

/**
 * Another realm, with people of its own who are new and signed in; the first of them is its administrator.
 * @param {{realm?: string, people?: string[], settings?: string}} [options]
 */
export async function startRealm({ realm = 'kampus-b', people: names = ['maya', 'nania'], settings = OPEN } = {}) {
  const data = await scratch('test');
  const kabar = await Kabar.start({ data, realm, settings });
  const people = new People(() => kabar);
  const secret = decodeURIComponent(/#k=(\S+)/.exec(await readFile(join(data, 'setup-link'), 'utf8'))[1]);
  for (const [i, name] of names.entries()) {
    const called = `${name[0].toUpperCase()}${name.slice(1)} dari ${realm}`;
    if (i > 0) await people.account(name, called);
    else people.tokens[name] = (await people.api(null, 'POST', '/setup', { secret, username: name, name: called, password: PASSWORD })).token;
  }
  return {
    kabar, people, realm,
    api: (user, method, path, body) => people.api(user, method, path, body),
    stop: () => kabar.stop(),
    restart: () => kabar.restart(),
    async close() {
      const status = kabar.child.exitCode === null && kabar.child.signalCode === null ? await kabar.stop() : 0;
      await discard(data);
      return status;
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = await startServer();
  console.log(`${server.url}/app (izza, maya, nania, messi, henderson, lineker: surabaya)`);
}
