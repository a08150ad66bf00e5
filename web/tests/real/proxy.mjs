// Trouble on the way between the browser and the server. Without trouble it changes nothing: the same host, the same bytes.
import { Agent, createServer, request as ask } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const API = '/api/v1';

export class Proxy {
  /** @param {() => number} backend the server's port */
  constructor(backend) {
    this.backend = backend;
    this.agent = new Agent({ keepAlive: true });
    this.sockets = new Set(); // those of events
    this.reset();
  }

  static async start(backend) {
    const proxy = new Proxy(backend);
    proxy.server = createServer((from, to) => proxy.pass(from, to).catch(() => to.destroy()));
    proxy.server.on('upgrade', (from, socket, head) => proxy.upgrade(from, socket, head));
    await new Promise((ready) => { proxy.server.listen(0, '127.0.0.1', ready); });
    proxy.url = `http://127.0.0.1:${proxy.server.address().port}`;
    return proxy;
  }

  /** Ends all trouble. */
  reset() { Object.assign(this, { requests: [], isOffline: false, delayMs: 0, failures: [], acksToLose: 0, uploadBytesPerSec: 0, rewriting: null }); }

  /** Every request to the API waits so long. */
  delay(ms) { this.delayMs = ms; }

  /** Cuts the connections that carry events. */
  drop() { for (const socket of this.sockets) socket.destroy(); }

  /** The connections that carry events stay open, and nothing more is heard on them. */
  mute() { for (const socket of this.sockets) socket.muted = true; }

  /** Nothing gets through, and what is on its way is cut. */
  offline(on = true) {
    this.isOffline = on;
    if (!on) return;
    this.drop();
    this.server.closeAllConnections();
  }

  /** The next requests that match `METHOD /path` are refused here, and the server never hears of them. */
  failNext(path, status, code, times = 1) { this.failures.push({ path: new RegExp(path), status, code, times }); }

  /** The next messages reach the server, and its answers are lost. */
  loseAck(times = 1) { this.acksToLose = times; }

  /** What is uploaded goes no faster than this. */
  slowUpload(bytesPerSec) { this.uploadBytesPerSec = bytesPerSec; }

  /** `change(json, 'METHOD /path')` may change an answer of the API on its way, or return another. */
  rewrite(change) { this.rewriting = change; }

  close() {
    this.drop();
    this.agent.destroy();
    const closed = new Promise((done) => { this.server.close(done); });
    this.server.closeAllConnections();
    return closed;
  }

  async pass(from, to) {
    from.on('error', () => {});
    to.on('error', () => {});
    if (this.isOffline) { from.socket.destroy(); return; }
    const isApi = from.url.startsWith(`${API}/`);
    const wish = `${from.method} ${isApi ? from.url.slice(API.length) : from.url}`;
    if (isApi) this.requests.push(wish);
    if (isApi && this.delayMs) await sleep(this.delayMs);
    const failure = this.failures.find((f) => f.times > 0 && f.path.test(wish));
    if (failure) { failure.times -= 1; from.resume(); json(to, failure.status, { error: { code: failure.code, message: failure.code, hint: '' } }); return; }
    const losing = this.acksToLose > 0 && /^POST .*\/messages$/.test(wish);
    if (losing) this.acksToLose -= 1;
    const headers = { ...from.headers };
    if (this.rewriting) delete headers['accept-encoding'];
    const onward = ask({ host: '127.0.0.1', port: this.backend(), method: from.method, path: from.url, headers, agent: this.agent });
    to.on('close', () => onward.destroy());
    onward.on('error', () => from.socket.destroy());
    onward.on('response', (answer) => this.back(answer, from, to, { wish, losing, isApi }).catch(() => from.socket.destroy()));
    if (this.uploadBytesPerSec && /^PATCH \/uploads\//.test(wish)) await this.trickle(from, onward);
    else from.pipe(onward);
  }

  async back(answer, from, to, { wish, losing, isApi }) {
    if (losing) { answer.resume(); await new Promise((done) => { answer.on('end', done); }); from.socket.destroy(); return; }
    if (!this.rewriting || !isApi || !/json/.test(answer.headers['content-type'] ?? '')) {
      to.writeHead(answer.statusCode, answer.headers);
      answer.pipe(to);
      return;
    }
    const parts = [];
    for await (const part of answer) parts.push(part);
    const value = JSON.parse(Buffer.concat(parts).toString());
    const { 'content-length': _, ...headers } = answer.headers;
    json(to, answer.statusCode, this.rewriting(value, wish) ?? value, headers);
  }

  async trickle(from, onward) {
    for await (const chunk of from) {
      if (!onward.write(chunk)) await new Promise((done) => { onward.once('drain', done); onward.once('close', done); });
      await sleep((chunk.length / this.uploadBytesPerSec) * 1e3);
    }
    onward.end();
  }

  upgrade(from, socket, head) {
    if (this.isOffline) { socket.destroy(); return; }
    const onward = connect(this.backend(), '127.0.0.1', () => {
      const lines = [`${from.method} ${from.url} HTTP/1.1`];
      for (let i = 0; i < from.rawHeaders.length; i += 2) lines.push(`${from.rawHeaders[i]}: ${from.rawHeaders[i + 1]}`);
      onward.write(`${lines.join('\r\n')}\r\n\r\n`);
      onward.write(head);
      socket.pipe(onward);
      onward.on('data', (bytes) => { if (!socket.muted) socket.write(bytes); });
    });
    this.sockets.add(socket);
    const end = () => { this.sockets.delete(socket); socket.destroy(); onward.destroy(); };
    for (const side of [socket, onward]) side.on('error', end).on('close', end);
  }
}

function json(to, status, body, headers = {}) {
  to.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store', ...headers });
  to.end(JSON.stringify(body));
}
