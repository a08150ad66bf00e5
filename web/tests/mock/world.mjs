// Everything the mock knows, in memory: people, conversations, messages, events.
import { randomBytes, randomUUID } from 'node:crypto';

export class World {
  constructor() {
    this.users = new Map();
    this.tokens = new Map(); // token → {id, username, created_at, used_at}
    this.conversations = new Map();
    this.files = new Map();
    this.uploads = new Map();
    this.contacts = new Map();
    this.invitations = new Map();
    this.hooks = new Map();
    this.events = []; // {n, to: Set, frame}
    this.sockets = new Set(); // {username, peer}
    this.rooms = new Map();
    this.made = 0;
  }

  user(username, name, country = null, role = 'user') {
    const user = { username, name: name || username, country, role, password: 'surabaya', active: false, settings: {} };
    this.users.set(username, user);
    return user;
  }

  session(username) {
    const token = randomUUID();
    const now = new Date().toISOString();
    this.tokens.set(token, { id: randomBytes(4).toString('hex'), username, created_at: now, used_at: now });
    return token;
  }

  publicUser(username) {
    const { name, country, active } = this.users.get(username);
    return { username, name, country, active };
  }

  me(username) {
    const user = this.users.get(username);
    return { ...this.publicUser(username), role: user.role, settings: user.settings };
  }

  conversation(kind, members, options = {}) {
    this.made += 1;
    const id = `c${this.made}`;
    const conversation = {
      id, kind, name: options.name ?? null, code: kind === 'group' ? randomBytes(3).toString('hex') : null,
      visibility: kind === 'group' ? options.visibility ?? 'public' : null, messages: [], keys: new Map(), members: new Map(),
    };
    this.conversations.set(id, conversation);
    members.forEach((username, i) => this.addMember(conversation, username, kind === 'group' && i === 0 ? 'admin' : 'member'));
    return conversation;
  }

  addMember(conversation, username, role = 'member') {
    const last = conversation.messages.length;
    conversation.members.set(username, { role, read: last, from: last + 1 });
  }

  direct(a, b) {
    const kind = a === b ? 'note' : 'direct';
    for (const c of this.conversations.values()) {
      if (c.kind === kind && c.members.has(a) && c.members.has(b)) return c;
    }
    return this.conversation(kind, a === b ? [a] : [a, b]);
  }

  /** What one member sees of a conversation. */
  view(conversation, username, withLast = true) {
    const own = conversation.members.get(username);
    const other = conversation.kind === 'direct' ? [...conversation.members.keys()].find((m) => m !== username) : username;
    const person = conversation.kind === 'direct' || conversation.kind === 'note' ? this.publicUser(other) : null;
    const unread = conversation.messages.slice(own?.read ?? 0)
      .filter((m) => !m.deleted && (m.author.username !== username || conversation.kind === 'note'));
    const shown = {
      id: conversation.id, kind: conversation.kind, name: person?.name ?? conversation.name, with: person,
      code: conversation.code, visibility: conversation.visibility, members: conversation.members.size,
      role: conversation.kind === 'group' ? own?.role ?? null : null, last_seq: conversation.messages.length,
      first_seq: own?.from ?? 1, read_seq: own?.read ?? 0, unread: unread.length,
      mentions: unread.filter((m) => conversation.kind === 'direct' || mentions(m.text, username)).length, last: null,
    };
    if (withLast) shown.last = this.message(conversation.messages.at(-1) ?? null, username);
    return shown;
  }

  message(message, username) {
    if (!message) return null;
    const { key, ...rest } = message;
    return { ...rest, key: message.author.username === username ? key : null };
  }

  /** Stores a message and tells every member. */
  post(conversation, from, { text = '', file = null, reply_to = null, key = null, at = new Date(), quiet = false }) {
    const seen = key && conversation.keys.get(`${from} ${key}`);
    if (seen) return { message: seen, again: true };
    const message = {
      conversation: conversation.id, seq: conversation.messages.length + 1,
      author: { username: from, name: this.users.get(from).name },
      at: new Date(at).toISOString().replace('Z', '000Z'), text, file, reply_to, edited_at: null, deleted: false,
      reactions: [], key,
    };
    conversation.messages.push(message);
    if (key) conversation.keys.set(`${from} ${key}`, message);
    const own = conversation.members.get(from);
    if (own && conversation.kind !== 'note' && own.read === message.seq - 1) own.read = message.seq;
    if (!quiet) {
      for (const member of conversation.members.keys()) {
        this.emit([member], { type: 'message', message: this.message(message, member), conversation: this.view(conversation, member, false) });
      }
    }
    return { message, again: false };
  }

  changed(message) {
    const conversation = this.conversations.get(message.conversation);
    for (const member of conversation.members.keys()) {
      this.emit([member], { type: 'changed', message: this.message(message, member) });
    }
  }

  tell(conversation) {
    for (const member of conversation.members.keys()) {
      this.emit([member], { type: 'conversation', conversation: this.view(conversation, member) });
    }
  }

  get position() { return `p${this.events.length}`; }

  /** Keeps the event for those who are away and sends it to those who are here. */
  emit(to, frame) {
    this.events.push({ to: new Set(to), frame });
    const sent = { ...frame, position: this.position };
    for (const socket of this.sockets) if (to.includes(socket.username)) socket.peer.send(sent);
  }

  /** Tells without keeping: presence, typing. */
  whisper(to, frame) {
    for (const socket of this.sockets) if (to.includes(socket.username)) socket.peer.send(frame);
  }
}

export function mentions(text, username) {
  return new RegExp(`(^|[^\\p{L}\\p{N}_.-])@(${username.replace(/\./g, '\\.')}|all)(?![\\p{L}\\p{N}_-])`, 'iu').test(text);
}
