// The server's half of RFC 6455 as far as the mock needs it: text frames, ping, close.
import { createHash } from 'node:crypto';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Answers the upgrade; returns `{send, close, drop, onMessage, onClose}`. */
export function accept(request, socket) {
  const key = createHash('sha1').update(request.headers['sec-websocket-key'] + GUID).digest('base64');
  socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
    + `Sec-WebSocket-Accept: ${key}\r\n\r\n`);
  const peer = {
    onMessage: () => {}, onClose: () => {},
    send: (value) => { if (socket.writable) socket.write(frame(1, Buffer.from(JSON.stringify(value)))); },
    close: (code) => {
      const body = Buffer.alloc(2);
      body.writeUInt16BE(code);
      if (socket.writable) socket.end(frame(8, body));
    },
    drop: () => socket.destroy(),
  };
  let buffered = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    buffered = Buffer.concat([buffered, chunk]);
    for (let got = parse(buffered); got; got = parse(buffered)) {
      buffered = buffered.subarray(got.length);
      if (got.opcode === 1) peer.onMessage(JSON.parse(got.body.toString()));
      if (got.opcode === 8) socket.end(frame(8, got.body));
    }
  });
  socket.on('close', () => peer.onClose());
  socket.on('error', () => {});
  return peer;
}

function frame(opcode, body) {
  const short = body.length < 126;
  const head = Buffer.alloc(short ? 2 : body.length < 65536 ? 4 : 10);
  head[0] = 0x80 | opcode;
  head[1] = short ? body.length : body.length < 65536 ? 126 : 127;
  if (head.length === 4) head.writeUInt16BE(body.length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(body.length), 2);
  return Buffer.concat([head, body]);
}

function parse(bytes) {
  if (bytes.length < 6) return null;
  let size = bytes[1] & 0x7f;
  let at = 2;
  if (size === 126) { size = bytes.readUInt16BE(2); at = 4; }
  const mask = bytes.subarray(at, at + 4);
  at += 4;
  if (bytes.length < at + size) return null;
  const body = Buffer.from(bytes.subarray(at, at + size));
  for (let i = 0; i < body.length; i += 1) body[i] ^= mask[i % 4];
  return { opcode: bytes[0] & 0x0f, body, length: at + size };
}
