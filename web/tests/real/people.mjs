// What people do beside the browser: the API with everyone's session at hand.
import { Lines, request } from './client.mjs';
import { PASSWORD } from './world.mjs';

export class People {
  /**
   * @param {() => {url: string, port: number}} where the server
   * @param {Record<string, string>} tokens of sessions, by username
   */
  constructor(where, tokens = {}) { this.where = where; this.tokens = tokens; }

  api(user, method, path, body) {
    const token = user === null ? null : this.tokens[user];
    if (token === undefined) throw new Error(`${user} is not signed in`);
    return request(this.where().url, token, method, path, body);
  }

  /** A new account, signed in. */
  async account(username, name = username, country = null) {
    const { token } = await this.api(null, 'POST', '/accounts', { username, name, country, password: PASSWORD });
    this.tokens[username] = token;
  }

  async signIn(username) {
    const { token } = await this.api(null, 'POST', '/sessions', { username, password: PASSWORD });
    this.tokens[username] = token;
  }

  async direct(user, other) { return (await this.api(user, 'POST', '/conversations', { with: other })).id; }

  async group(admin, name, members, visibility = 'public') {
    const { id } = await this.api(admin, 'POST', '/groups', { name, visibility });
    await this.api(admin, 'POST', `/conversations/${id}/members`, { usernames: members });
    return id;
  }

  say(user, id, text, more = {}) { return this.api(user, 'POST', `/conversations/${id}/messages`, { text, ...more }); }

  async file(user, id, name, bytes, text = '') {
    const { id: upload } = await this.api(user, 'POST', '/uploads', { name, size: bytes.length });
    await this.api(user, 'PATCH', `/uploads/${upload}`, new Uint8Array(bytes));
    return this.say(user, id, text, { upload });
  }

  /** Reads all of it, or up to a message. */
  async read(user, id, seq) {
    const last = seq ?? (await this.api(user, 'GET', `/conversations/${id}`)).last_seq;
    if (last > 0) await this.api(user, 'PUT', `/conversations/${id}/read`, { seq: last });
  }

  /** All messages that one may see. */
  async messages(user, id) {
    const all = [];
    for (;;) {
      const { messages } = await this.api(user, 'GET', `/conversations/${id}/messages?after=${all.at(-1)?.seq ?? 0}&limit=200`);
      if (!messages.length) return all;
      all.push(...messages);
    }
  }

  /** Many messages between two people, `Baris 1` and so on, four of each in turn, over one connection; both have read them. */
  async chatter(a, b, count) {
    const id = await this.direct(a, b);
    const lines = new Lines(this.where().port);
    await lines.askAll(Array.from({ length: count }, (_, i) => {
      const [from, to] = Math.floor(i / 4) % 2 ? [a, b] : [b, a];
      return `send ${this.tokens[from]} ${to} Baris ${i + 1} ${'kata '.repeat(i % 23)}.`;
    }));
    lines.close();
    for (const user of [a, b]) await this.read(user, id);
    return id;
  }
}
