// A picture drawn here, so that no picture of anyone else's is needed.
import * as zlib from 'node:zlib';

/** A PNG of hills by the water. */
export function picture(width, height) {
  const raw = Buffer.alloc((width * 3 + 1) * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = y * (width * 3 + 1) + 1 + x * 3;
      const wave = Math.sin(x / 48) * 30 + Math.sin(x / 19 + 2) * 12 + height * 0.62;
      const hill = Math.sin(x / 90 + 1) * 44 + height * 0.5;
      const [r, g, b] = y > wave ? [22, 78, 99] : y > hill ? [14, 116, 144] : [253 - y / 4, 186 + y / 6, 116 + y / 4];
      raw[at] = r; raw[at + 1] = g; raw[at + 2] = b;
    }
  }
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const out = Buffer.alloc(body.length + 8);
    out.writeUInt32BE(data.length);
    body.copy(out, 4);
    out.writeUInt32BE(checksum(body), body.length + 4);
    return out;
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width); head.writeUInt32BE(height, 4); head[8] = 8; head[9] = 2;
  return Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), chunk('IHDR', head), chunk('IDAT', zlib.deflateSync(raw)), chunk('IEND', Buffer.alloc(0))]);
}

function checksum(bytes) {
  if (zlib.crc32) return zlib.crc32(bytes) >>> 0;
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let k = 0; k < 8; k += 1) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
  }
  return (crc ^ -1) >>> 0;
}
