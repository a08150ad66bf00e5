// A server of a test's own with a proxy before it, and the people of the template at hand.
// node tests/real/server.mjs: one to look at, with the world of the tests
import { fileURLToPath } from 'node:url';
import { Lines } from './client.mjs';
import { Kabar } from './kabar.mjs';
import { People } from './people.mjs';
import { Proxy } from './proxy.mjs';
import { copyOf, discard } from './template.mjs';

/** @param {{world?: 'demo'|'huge'|'empty', env?: Record<string, string>}} [options] `env`: settings of the server */
export async function startServer({ world = 'demo', env } = {}) {
  const copy = await copyOf(world);
  const kabar = await Kabar.start({ data: copy.data, env });
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

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = await startServer();
  console.log(`${server.url}/app (izza, maya, nania, messi, henderson, lineker: surabaya)`);
}
