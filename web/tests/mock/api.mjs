// The API of the contract over a World. Each route: [method, pattern, run(call) → [status, body] | {…}].
import { randomBytes, randomUUID } from 'node:crypto';
import { file } from './seed.mjs';
import { mentions } from './world.mjs';

export class Refusal extends Error {
  constructor(status, code, hint = '', headers = {}) { super(code); Object.assign(this, { status, code, hint, headers }); }
}
const refuse = (status, code, hint, headers) => { throw new Refusal(status, code, hint, headers); };

export const FILE_BYTES_MAX = 100 * 1024 * 1024;
export const TEXT_BYTES_MAX = 65536;
const NAME = /^[\p{L}\p{N}._-]{1,32}$/u;

function conversationOf({ world, user }, id) {
  const conversation = world.conversations.get(id);
  if (!conversation || !conversation.members.has(user)) refuse(404, 'conversation_unknown');
  return conversation;
}
function adminOf(call, id) {
  const conversation = conversationOf(call, id);
  if (conversation.members.get(call.user).role !== 'admin') refuse(403, 'admin_only');
  return conversation;
}
function messageOf(call, id, seq) {
  return conversationOf(call, id).messages[Number(seq) - 1] ?? refuse(404, 'message_unknown');
}
function text(call) {
  const value = String(call.body.text ?? '').trim();
  if (Buffer.byteLength(value) > TEXT_BYTES_MAX) refuse(413, 'too_long');
  return value;
}
function signedIn(call, username, status) {
  const token = call.world.session(username);
  const cookie = call.body.cookie ? { 'Set-Cookie': `kabar_session=${token}; HttpOnly; SameSite=Strict; Path=/` } : {};
  return [status, { user: call.world.me(username), token: call.body.cookie ? null : token }, cookie];
}
function join(call, conversation) {
  if (conversation.members.has(call.user)) refuse(409, 'already_member');
  call.world.addMember(conversation, call.user);
  call.world.tell(conversation);
  return [200, call.world.view(conversation, call.user)];
}
function leave(call, conversation, username) {
  if (!conversation.members.delete(username)) refuse(404, 'user_unknown');
  call.world.emit([username], { type: 'left', conversation: conversation.id });
  const members = [...conversation.members.values()];
  if (members.length && !members.some((m) => m.role === 'admin')) members[0].role = 'admin';
  call.world.tell(conversation);
}

const open = [
  ['GET', '/realm', ({ world }) => [200, { realm: 'surabaya', version: '0.1.0', registration: 'open', setup: world.users.size === 0,
    limits: { text_bytes: TEXT_BYTES_MAX, file_bytes: FILE_BYTES_MAX } }]],
  ['POST', '/sessions', (call) => {
    const user = call.world.users.get(String(call.body.username ?? '').trim().toLowerCase());
    if (!user) refuse(401, 'user_unknown');
    if (user.password !== call.body.password) refuse(401, 'wrong_password');
    return signedIn(call, user.username, 201);
  }],
  ['POST', '/accounts', (call) => {
    const username = String(call.body.username ?? '').trim().toLowerCase();
    if (!NAME.test(username)) refuse(400, 'invalid_field', 'username');
    if (!call.body.password) refuse(400, 'missing_field', 'password');
    if (call.world.users.has(username)) refuse(409, 'username_taken');
    call.world.user(username, call.body.name, call.body.country ?? null).password = call.body.password;
    return signedIn(call, username, 201);
  }],
  ['POST', '/setup', (call) => {
    if (call.body.secret !== 'rahasia') refuse(410, 'gone');
    call.world.user(call.body.username, call.body.name, null, 'administrator').password = call.body.password;
    return signedIn(call, call.body.username, 201);
  }],
  ['GET', '/invitations/:code', ({ world, params }) => {
    const found = world.invitations.get(params.code) ?? refuse(410, 'gone');
    return [200, { group: found.conversation.name, realm: 'surabaya' }];
  }],
];

const signed = [
  ['GET', '/sessions', ({ world, user, token }) => [200, { sessions: [...world.tokens].filter(([, s]) => s.username === user)
    .map(([t, s]) => ({ id: s.id, current: t === token, created_at: s.created_at, used_at: s.used_at })) }]],
  ['DELETE', '/sessions', (call) => endSessions(call, () => true)],
  ['DELETE', '/sessions/current', (call) => endSessions(call, ([t]) => t === call.token)],
  ['DELETE', '/sessions/:id', (call) => endSessions(call, ([, s]) => s.id === call.params.id)],
  ['POST', '/sessions/token', ({ world, user }) => [201, { token: world.session(user) }]],
  ['GET', '/me', ({ world, user }) => [200, world.me(user)]],
  ['PATCH', '/me', ({ world, user, body }) => {
    const found = world.users.get(user);
    for (const field of ['name', 'country', 'settings']) if (field in body) found[field] = body[field];
    return [200, world.me(user)];
  }],
  ['POST', '/me/password', ({ world, user, body }) => {
    if (world.users.get(user).password !== body.old) refuse(401, 'wrong_password');
    world.users.get(user).password = body.new;
    return [204];
  }],
  ['GET', '/people', ({ world, query }) => {
    const q = (query.get('q') ?? '').toLowerCase();
    const people = [...world.users.keys()].map((u) => world.publicUser(u))
      .filter((p) => p.username.startsWith(q) || p.name.toLowerCase().split(' ').some((w) => w.startsWith(q)));
    return [200, { people: people.slice(0, Number(query.get('limit') ?? 50)), more: false }];
  }],
  ['GET', '/people/:username', ({ world, params }) => (world.users.has(params.username) ? [200, world.publicUser(params.username)] : refuse(404, 'user_unknown'))],
  ['GET', '/conversations', ({ world, user }) => [200, { conversations: [...world.conversations.values()].filter((c) => c.members.has(user))
    .map((c) => world.view(c, user)).sort((a, b) => (b.last?.at ?? '').localeCompare(a.last?.at ?? '')) }]],
  ['POST', '/conversations', ({ world, user, body }) => {
    if (!world.users.has(body.with)) refuse(404, 'user_unknown');
    return [200, world.view(world.direct(user, body.with), user)];
  }],
  ['GET', '/conversations/:id', (call) => [200, call.world.view(conversationOf(call, call.params.id), call.user)]],
  ['PATCH', '/conversations/:id', (call) => {
    const conversation = adminOf(call, call.params.id);
    for (const field of ['name', 'visibility']) if (call.body[field]) conversation[field] = call.body[field];
    call.world.tell(conversation);
    return [200, call.world.view(conversation, call.user)];
  }],
  ['GET', '/conversations/:id/messages', (call) => {
    const conversation = conversationOf(call, call.params.id);
    const first = conversation.members.get(call.user).from;
    const last = conversation.messages.length;
    const limit = Math.min(Number(call.query.get('limit') ?? 50), 200);
    const before = call.query.get('before'); const after = call.query.get('after'); const around = call.query.get('around');
    let from = last - limit + 1; let to = last;
    if (before) { to = Number(before) - 1; from = to - limit + 1; }
    if (after) { from = Number(after) + 1; to = from + limit - 1; }
    if (around) { from = Number(around) - Math.floor(limit / 2); to = from + limit - 1; }
    const messages = conversation.messages.slice(Math.max(from, first) - 1, Math.max(to, 0));
    return [200, { messages: messages.map((m) => call.world.message(m, call.user)), first_seq: first, last_seq: last }];
  }],
  ['POST', '/conversations/:id/messages', (call) => {
    const conversation = conversationOf(call, call.params.id);
    const { upload, reply_to = null, key = null } = call.body;
    let sent = null;
    const again = key && conversation.keys.get(`${call.user} ${key}`);
    if (again) return [200, call.world.message(again, call.user)];
    if (upload) {
      const kept = call.world.uploads.get(upload) ?? refuse(404, 'file_unknown');
      if (kept.offset !== kept.size) refuse(409, 'conflict');
      const bytes = Buffer.concat(kept.parts);
      sent = file(call.world, kept.name, mediaType(kept.name), bytes, ...pngSize(bytes));
      call.world.uploads.delete(upload);
    }
    const body = text(call);
    if (!body && !sent) refuse(400, 'missing_field', 'text');
    const { message } = call.world.post(conversation, call.user, { text: body, file: sent, reply_to, key });
    return [201, call.world.message(message, call.user)];
  }],
  ['PATCH', '/conversations/:id/messages/:seq', (call) => {
    const message = messageOf(call, call.params.id, call.params.seq);
    if (message.author.username !== call.user || message.deleted) refuse(403, 'not_allowed');
    message.text = text(call);
    message.edited_at = new Date().toISOString();
    call.world.changed(message);
    return [200, call.world.message(message, call.user)];
  }],
  ['DELETE', '/conversations/:id/messages/:seq', (call) => {
    const message = messageOf(call, call.params.id, call.params.seq);
    const role = conversationOf(call, call.params.id).members.get(call.user).role;
    if (message.author.username !== call.user && role !== 'admin') refuse(403, 'not_allowed');
    Object.assign(message, { text: '', file: null, deleted: true, reactions: [] });
    call.world.changed(message);
    return [204];
  }],
  ['PUT', '/conversations/:id/messages/:seq/reactions/:emoji', (call) => react(call, true)],
  ['DELETE', '/conversations/:id/messages/:seq/reactions/:emoji', (call) => react(call, false)],
  ['PUT', '/conversations/:id/read', (call) => {
    const conversation = conversationOf(call, call.params.id);
    const own = conversation.members.get(call.user);
    if (call.body.seq > own.read) {
      own.read = Math.min(call.body.seq, conversation.messages.length);
      call.world.emit([call.user], { type: 'read', conversation: conversation.id, seq: own.read });
    }
    return [204];
  }],
  ['POST', '/conversations/:id/typing', (call) => {
    const conversation = conversationOf(call, call.params.id);
    call.world.whisper([...conversation.members.keys()].filter((m) => m !== call.user),
      { type: 'typing', conversation: conversation.id, username: call.user });
    return [204];
  }],
  ['POST', '/uploads', ({ world, body }) => {
    if (body.size > FILE_BYTES_MAX) refuse(413, 'too_large');
    const id = randomUUID();
    world.uploads.set(id, { name: body.name, size: body.size, offset: 0, parts: [] });
    return [201, { id, offset: 0 }];
  }],
  ['GET', '/uploads/:id', ({ world, params }) => {
    const kept = world.uploads.get(params.id) ?? refuse(404, 'file_unknown');
    return [200, { id: params.id, offset: kept.offset, size: kept.size }];
  }],
  ['DELETE', '/uploads/:id', ({ world, params }) => (world.uploads.delete(params.id) ? [204] : refuse(404, 'file_unknown'))],
  ['GET', '/groups', ({ world, user }) => [200, { groups: [...world.conversations.values()]
    .filter((c) => c.kind === 'group' && (c.visibility === 'public' || c.members.has(user)))
    .map((c) => ({ name: c.name, code: c.members.has(user) ? c.code : null, members: c.members.size, joined: c.members.has(user),
      visibility: c.visibility, id: c.members.has(user) ? c.id : null })) }]],
  ['POST', '/groups', ({ world, user, body }) => {
    const name = String(body.name ?? '').trim();
    if (!name) refuse(400, 'missing_field', 'name');
    if (groupNamed(world, name)) refuse(409, 'group_taken');
    const conversation = world.conversation('group', [user], { name, visibility: body.visibility });
    world.tell(conversation);
    return [201, world.view(conversation, user)];
  }],
  ['POST', '/groups/join', (call) => join(call, groupNamed(call.world, String(call.body.group ?? '').trim()) ?? refuse(404, 'group_unknown'))],
  ['GET', '/conversations/:id/members', (call) => [200, { members: [...conversationOf(call, call.params.id).members]
    .map(([username, m]) => ({ ...call.world.publicUser(username), role: m.role })) }]],
  ['POST', '/conversations/:id/members', (call) => {
    const conversation = adminOf(call, call.params.id);
    const joined = []; const failed = [];
    for (const username of call.body.usernames ?? []) {
      if (!call.world.users.has(username) || conversation.members.has(username)) failed.push(username);
      else { call.world.addMember(conversation, username); joined.push(username); }
    }
    call.world.tell(conversation);
    return [200, { joined, failed }];
  }],
  ['PATCH', '/conversations/:id/members/:username', (call) => {
    const conversation = adminOf(call, call.params.id);
    (conversation.members.get(call.params.username) ?? refuse(404, 'user_unknown')).role = call.body.role;
    call.world.tell(conversation);
    return [200, { ...call.world.publicUser(call.params.username), role: call.body.role }];
  }],
  ['DELETE', '/conversations/:id/members/:username', (call) => {
    const self = call.params.username === call.user;
    leave(call, self ? conversationOf(call, call.params.id) : adminOf(call, call.params.id), call.params.username);
    return [204];
  }],
  ['POST', '/conversations/:id/invitations', (call) => {
    const conversation = adminOf(call, call.params.id);
    const code = randomBytes(6).toString('base64url');
    const made = { code, url: `http://${call.host}/app/i/${code}`, expires_at: new Date(Date.now() + (call.body.expires_in ?? 86400) * 1e3).toISOString(), uses_left: call.body.uses ?? 10 };
    call.world.invitations.set(code, { ...made, conversation });
    return [201, made];
  }],
  ['GET', '/conversations/:id/invitations', (call) => [200, { invitations: [...call.world.invitations.values()]
    .filter((i) => i.conversation === adminOf(call, call.params.id)).map(({ conversation, ...rest }) => rest) }]],
  ['DELETE', '/conversations/:id/invitations/:code', (call) => {
    adminOf(call, call.params.id);
    return call.world.invitations.delete(call.params.code) ? [204] : refuse(404, 'not_found');
  }],
  ['POST', '/invitations/:code', (call) => {
    const found = call.world.invitations.get(call.params.code);
    if (!found || found.uses_left < 1) refuse(410, 'gone');
    found.uses_left -= 1;
    return join(call, found.conversation);
  }],
  ['GET', '/contacts', ({ world, user }) => [200, { contacts: (world.contacts.get(user) ?? [])
    .map((address) => ({ address, user: world.users.has(address) ? world.publicUser(address) : null })) }]],
  ['PUT', '/contacts/:address', ({ world, user, params }) => {
    const { address } = params;
    if (!address.includes('@') && (!world.users.has(address) || address === user)) refuse(404, 'user_unknown');
    world.contacts.set(user, [...new Set([...(world.contacts.get(user) ?? []), address])]);
    return [204];
  }],
  ['DELETE', '/contacts/:address', ({ world, user, params }) => {
    world.contacts.set(user, (world.contacts.get(user) ?? []).filter((a) => a !== params.address));
    return [204];
  }],
  ['GET', '/search', search],
  ['POST', '/conversations/:id/hooks', (call) => {
    const conversation = conversationOf(call, call.params.id);
    const id = randomBytes(4).toString('hex');
    const made = { id, name: call.body.name, url: `http://${call.host}/api/v1/hooks/${randomBytes(12).toString('base64url')}` };
    call.world.hooks.set(id, { ...made, conversation });
    return [201, made];
  }],
  ['GET', '/conversations/:id/hooks', (call) => [200, { hooks: [...call.world.hooks.values()]
    .filter((k) => k.conversation.id === call.params.id).map(({ id, name }) => ({ id, name })) }]],
  ['DELETE', '/conversations/:id/hooks/:hook', ({ world, params }) => (world.hooks.delete(params.hook) ? [204] : refuse(404, 'not_found'))],
  ['GET', '/tokens', () => [200, { tokens: [] }]],
  ['POST', '/tokens', () => [201, { id: randomBytes(4).toString('hex'), token: randomUUID() }]],
  ['DELETE', '/tokens/:id', () => [204]],
];

function groupNamed(world, name) {
  return [...world.conversations.values()].find((c) => c.kind === 'group' && (c.name.toLowerCase() === name.toLowerCase() || c.code === name));
}
function endSessions({ world, user }, which) {
  for (const entry of [...world.tokens]) if (entry[1].username === user && which(entry)) world.tokens.delete(entry[0]);
  for (const socket of world.sockets) {
    if (socket.username === user && !world.tokens.has(socket.token)) { socket.peer.send({ type: 'session_ended' }); socket.peer.close(4401); }
  }
  return [204];
}
function react(call, on) {
  const message = messageOf(call, call.params.id, call.params.seq);
  const { emoji } = call.params;
  const others = message.reactions.filter((r) => r.emoji !== emoji);
  const users = (message.reactions.find((r) => r.emoji === emoji)?.users ?? []).filter((u) => u !== call.user);
  if (on) users.push(call.user);
  const at = message.reactions.findIndex((r) => r.emoji === emoji);
  message.reactions = others;
  if (users.length) message.reactions.splice(at < 0 ? others.length : at, 0, { emoji, users });
  call.world.changed(message);
  return [204];
}
function search({ world, user, query }) {
  const wanted = { words: [] };
  for (const part of (query.get('q') ?? '').trim().split(/\s+/)) {
    const operator = /^([a-z]+):(.+)$/.exec(part);
    if (!operator) { if (part) wanted.words.push(part.toLowerCase()); continue; }
    if (!['from', 'in', 'has', 'before', 'after'].includes(operator[1])) refuse(400, 'invalid_field', `${operator[1]}: is not an operator. Use from: in: has:file before: after:`);
    wanted[operator[1]] = operator[2].replace(/^[#@]/, '').toLowerCase();
  }
  const all = [...world.conversations.values()].filter((c) => c.members.has(user)).flatMap((c) => c.messages).filter((m) => !m.deleted
    && wanted.words.every((w) => m.text.toLowerCase().includes(w) || m.file?.name.toLowerCase().includes(w))
    && (!wanted.from || m.author.username === wanted.from) && (!wanted.has || m.file)
    && (!wanted.in || world.view(world.conversations.get(m.conversation), user).name.toLowerCase().startsWith(wanted.in))
    && (!wanted.before || m.at < wanted.before) && (!wanted.after || m.at > wanted.after))
    .sort((a, b) => b.at.localeCompare(a.at));
  const limit = Number(query.get('limit') ?? 20); const start = Number(query.get('before') ?? 0);
  const results = all.slice(start, start + limit).map((m) => ({ message: world.message(m, user),
    conversation: { id: m.conversation, name: world.view(world.conversations.get(m.conversation), user).name },
    matches: wanted.words.flatMap((w) => { const at = m.text.toLowerCase().indexOf(w); return at < 0 ? [] : [[at, at + w.length]]; }) }));
  return [200, { results, next: all.length > start + limit ? String(start + limit) : null }];
}
function mediaType(name) {
  const types = { png: 'image/png', jpg: 'image/jpeg', gif: 'image/gif', webp: 'image/webp', pdf: 'application/pdf', txt: 'text/plain', mp4: 'video/mp4', mp3: 'audio/mpeg' };
  return types[name.split('.').at(-1).toLowerCase()] ?? 'application/octet-stream';
}
function pngSize(bytes) {
  const png = bytes.length > 24 && bytes.readUInt32BE(0) === 0x89504e47;
  return png ? [bytes.readUInt32BE(16), bytes.readUInt32BE(20)] : [null, null];
}

const compile = (routes, free) => routes.map(([method, path, run]) => ({
  method, run, free, pattern: new RegExp(`^${path.replace(/:(\w+)/g, '(?<$1>[^/]+)')}$`),
}));
export const routes = [...compile(open, true), ...compile(signed, false)];
export { mentions };
