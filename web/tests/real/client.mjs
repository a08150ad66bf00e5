// Two ways to talk to the server beside a browser: its HTTP API, and a connection that types lines.
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

export class ApiError extends Error {
  constructor(status, body, wish) { super(`${wish}: ${status} ${JSON.stringify(body)}`); Object.assign(this, { status, code: body?.error?.code }); }
}

/** One request; the JSON of the answer. */
export async function request(url, token, method, path, body) {
  const headers = { ...(token && { Authorization: `Bearer ${token}` }) };
  const raw = body instanceof Uint8Array;
  if (body !== undefined) headers['Content-Type'] = raw ? 'application/octet-stream' : 'application/json';
  if (raw) headers['Upload-Offset'] = '0';
  const response = await fetch(`${url}/api/v1${path}`, { method, headers, body: raw || body === undefined ? body : JSON.stringify(body) });
  const text = await response.text();
  const value = text && JSON.parse(text);
  if (!response.ok) throw new ApiError(response.status, value, `${method} ${path}`);
  return value;
}

/** A person at a terminal: lines of dialect line over a plain connection. */
export class Lines {
  constructor(port) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.setNoDelay(true);
    this.waiting = [];
    this.socket.on('error', (error) => this.end(error)).on('close', () => this.end(new Error('the connection ended')));
    // An answer is one line and an empty one after it.
    createInterface({ input: this.socket }).on('line', (line) => { if (line) this.waiting.shift()?.done(JSON.parse(line)); });
  }

  end(error) { this.over ??= error; for (const { fail } of this.waiting.splice(0)) fail(error); }

  /** Sends a line; its answer. Several may be on their way. */
  ask(line) {
    if (this.over) return Promise.reject(this.over);
    const answer = new Promise((done, fail) => { this.waiting.push({ done, fail }); });
    this.socket.write(`${line}\r\n`);
    return answer;
  }

  /** All of them, in order, with no more than `window` unanswered. */
  async askAll(lines, window = 256) {
    const open = [];
    for (const line of lines) {
      if (open.length >= window) expectOk(await open.shift());
      open.push(this.ask(line));
    }
    for (const answer of open) expectOk(await answer);
  }

  close() { this.socket.destroy(); }
}

export function expectOk(answer) {
  if (answer.status !== 'OK') throw new Error(JSON.stringify(answer));
  return answer;
}
