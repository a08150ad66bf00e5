// A stand-in for the server: the same API, events, pages and headers, from memory, with switches for trouble.
// node tests/mock/server.mjs [--port 8086]
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { accept } from './ws.mjs';
import { Refusal, routes } from './api.mjs';
import { picture, seed } from './seed.mjs';

const WEB = fileURLToPath(new URL('../../', import.meta.url));
const ASSETS = '/_app/0123abcd';
const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob: data:; "
  + "media-src 'self' blob:; font-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; "
  + "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types kabar-worker";
const TYPES = { '.js': 'text/javascript', '.css': 'text/css', '.json': 'application/json', '.svg': 'image/svg+xml',
  '.png': 'image/png', '.html': 'text/html', '.webmanifest': 'application/manifest+json' };

export async function startMock({ port = 0, host = '127.0.0.1' } = {}) {
  const mock = {
    world: seed(), requests: [], offlineNow: false, delayMs: 0, failures: [], acksToLose: 0, slowUploadBytesPerSec: 0,
    reset() { Object.assign(mock, { world: seed(), requests: [], offlineNow: false, delayMs: 0, failures: [], acksToLose: 0 }); },
    delay(ms) { mock.delayMs = ms; },
    offline(on = true) { mock.offlineNow = on; if (on) mock.drop(); },
    drop() { for (const socket of mock.world.sockets) socket.peer.drop(); },
    failNext(path, status, code, times = 1) { mock.failures.push({ path: new RegExp(path), status, code, times }); },
    loseAck(times = 1) { mock.acksToLose = times; },
    cookie(username) { return mock.world.session(username); },
    find(user, where) {
      const { world } = mock;
      if (where?.messages) return where;
      return world.conversations.get(where) ?? [...world.conversations.values()].find((c) => c.name === where) ?? world.direct(user, where);
    },
    say(from, where, text, more = {}) { return mock.world.post(mock.find(from, where), from, { text, ...more }).message; },
    /** Many old messages at once, without events. */
    fill(where, count, from = ['maya', 'izza', 'nania']) {
      const conversation = mock.find('izza', where);
      const start = Date.now() - (count + 1) * 60e3;
      for (let i = 0; i < count; i += 1) {
        mock.world.post(conversation, from[Math.floor(i / 4) % from.length], { text: `Baris ${i + 1} ${'kata '.repeat(i % 23)}`, at: start + i * 60e3, quiet: true });
      }
      for (const m of conversation.members.values()) m.read = conversation.messages.length;
      return conversation;
    },
    typing(from, where) {
      const c = mock.find(from, where);
      mock.world.whisper([...c.members.keys()].filter((m) => m !== from), { type: 'typing', conversation: c.id, username: from });
    },
    picture,
  };
  const server = createServer((request, response) => {
    answer(mock, request, response).catch((error) => {
      if (!response.headersSent) json(response, 500, { error: { code: 'failed', message: String(error.stack), hint: '' } });
    });
  });
  server.on('upgrade', (request, socket) => {
    const token = tokenOf(request);
    const session = mock.world.tokens.get(token);
    if (mock.offlineNow) { socket.destroy(); return; }
    if (!session) { socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n'); return; }
    events(mock, request, socket, session.username, token);
  });
  await new Promise((ready) => { server.listen(port, host, ready); });
  mock.url = `http://${host}:${server.address().port}`;
  mock.close = () => new Promise((closed) => {
    for (const socket of mock.world.sockets) socket.peer.drop();
    server.close(closed);
    server.closeAllConnections();
  });
  return mock;
}

function tokenOf(request) {
  return /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? /kabar_session=([^;]+)/.exec(request.headers.cookie ?? '')?.[1];
}

function json(response, status, body, headers = {}) {
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store', ...headers });
  response.end(body === undefined ? '' : JSON.stringify(body));
}

function events(mock, request, socket, username, token) {
  const { world } = mock;
  const peer = accept(request, socket);
  const entry = { username, peer, token };
  const since = new URL(request.url, 'http://x').searchParams.get('since');
  if (since) {
    world.events.slice(Number(since.slice(1))).forEach((event, i) => {
      if (event.to.has(username)) peer.send({ ...event.frame, position: `p${Number(since.slice(1)) + i + 1}` });
    });
  }
  peer.send({ type: 'hello', position: world.position, me: world.me(username) });
  world.sockets.add(entry);
  world.users.get(username).active = true;
  peer.onClose = () => world.sockets.delete(entry);
  peer.onMessage = (frame) => {
    if (frame.type === 'typing') {
      const members = [...(world.conversations.get(frame.conversation)?.members.keys() ?? [])];
      world.whisper(members.filter((m) => m !== username), { type: 'typing', conversation: frame.conversation, username });
    }
  };
}

async function answer(mock, request, response) {
  const url = new URL(request.url, 'http://mock');
  const path = decodeURIComponent(url.pathname);
  if (mock.offlineNow && path.startsWith('/api/')) { request.socket.destroy(); return; }
  if (path.startsWith('/api/v1/')) { await api(mock, request, response, url); return; }
  await page(request, response, path);
}

async function page(request, response, path) {
  const headers = { 'Content-Security-Policy': CSP, 'X-Content-Type-Options': 'nosniff', 'Referrer-Policy': 'no-referrer', 'Cache-Control': 'no-cache' };
  const cookie = request.headers.cookie ?? '';
  const fill = (text) => text.replaceAll('{{assets}}', ASSETS)
    .replaceAll('{{lang}}', /lang=(en|id)/.exec(cookie)?.[1] ?? (/^id/.test(request.headers['accept-language'] ?? '') ? 'id' : 'en'))
    .replaceAll('{{theme}}', /theme=(light|dark|system)/.exec(cookie)?.[1] ?? 'system');
  if (path === '/') { response.writeHead(302, { Location: '/app' }); response.end(); return; }
  const templates = { '/sw.js': 'sw.js', '/manifest.webmanifest': 'manifest.webmanifest' };
  const shell = path === '/app' || path.startsWith('/app/');
  const name = shell ? 'index.html' : templates[path] ?? (path.startsWith(`${ASSETS}/`) ? path.slice(ASSETS.length + 1) : null);
  const wanted = name && normalize(join(WEB, name));
  if (!wanted?.startsWith(WEB) || /node_modules|tests\//.test(name)) { response.writeHead(404); response.end(); return; }
  try {
    const bytes = await readFile(wanted);
    const text = shell || path in templates;
    if (path === '/sw.js') headers['Service-Worker-Allowed'] = '/app';
    response.writeHead(200, { ...headers, 'Content-Type': `${TYPES[extname(wanted)] ?? 'application/octet-stream'}; charset=utf-8` });
    response.end(text ? fill(bytes.toString()) : bytes);
  } catch { response.writeHead(404); response.end(); }
}

async function api(mock, request, response, url) {
  const { world } = mock;
  const path = url.pathname.slice('/api/v1'.length);
  mock.requests.push(`${request.method} ${path}${url.search}`);
  const failure = mock.failures.find((f) => f.times > 0 && f.path.test(`${request.method} ${path}`));
  if (mock.delayMs) await new Promise((done) => { setTimeout(done, mock.delayMs); });
  const token = tokenOf(request);
  const user = world.tokens.get(token)?.username;
  if (/^\/uploads\/[^/]+$/.test(path) && request.method === 'PATCH' && !failure) { await upload(mock, request, response, path.split('/')[2]); return; }
  const parts = [];
  for await (const part of request) parts.push(part);
  if (failure) { failure.times -= 1; json(response, failure.status, { error: { code: failure.code, message: failure.code, hint: '' } }); return; }
  if (path.startsWith('/files/')) { file(world, request, response, path, url); return; }
  for (const route of routes) {
    const match = route.method === request.method && route.pattern.exec(path);
    if (!match) continue;
    try {
      if (!user && !route.free) throw new Refusal(401, 'unauthorized');
      const params = Object.fromEntries(Object.entries(match.groups ?? {}).map(([k, v]) => [k, decodeURIComponent(v)]));
      const body = parts.length ? JSON.parse(Buffer.concat(parts)) : {};
      const [status, value, headers] = route.run({ world, user, token, params, body, query: url.searchParams, host: request.headers.host });
      if (request.method === 'POST' && path.endsWith('/messages') && mock.acksToLose > 0) { mock.acksToLose -= 1; request.socket.destroy(); return; }
      json(response, status, value, headers);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      json(response, error.status, { error: { code: error.code, message: error.code, hint: error.hint } }, error.headers);
    }
    return;
  }
  json(response, 404, { error: { code: 'not_found', message: 'not_found', hint: '' } });
}

async function upload(mock, request, response, id) {
  const kept = mock.world.uploads.get(id);
  if (!kept) { json(response, 404, { error: { code: 'file_unknown', message: '', hint: '' } }); return; }
  if (Number(request.headers['upload-offset']) !== kept.offset) {
    json(response, 409, { error: { code: 'conflict', message: '', hint: '' } }, { 'Upload-Offset': String(kept.offset) });
    return;
  }
  try {
    for await (const chunk of request) {
      kept.parts.push(chunk);
      kept.offset += chunk.length;
      if (mock.slowUploadBytesPerSec) await new Promise((done) => { setTimeout(done, (chunk.length / mock.slowUploadBytesPerSec) * 1e3); });
    }
  } catch { return; }
  json(response, 200, { offset: kept.offset });
}

function file(world, request, response, path, url) {
  const found = world.files.get(path.split('/')[2]);
  if (!found) { json(response, 404, { error: { code: 'file_unknown', message: '', hint: '' } }); return; }
  const inline = url.searchParams.get('inline') && /^(image\/(png|jpeg|gif|webp)|audio\/|video\/)/.test(found.meta.media_type);
  response.writeHead(200, { 'Content-Type': found.meta.media_type, 'Content-Length': found.bytes.length, 'X-Content-Type-Options': 'nosniff',
    'Content-Security-Policy': "sandbox; default-src 'none'", 'Content-Disposition': `${inline ? 'inline' : 'attachment'}; filename*=UTF-8''${encodeURIComponent(found.meta.name)}` });
  response.end(found.bytes);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const at = process.argv.indexOf('--port');
  const mock = await startMock({ port: at > 0 ? Number(process.argv[at + 1]) : 8086 });
  console.log(`${mock.url}/app`);
}
