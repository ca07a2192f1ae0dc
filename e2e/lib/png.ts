// Small pictures, made where they are needed.
import { crc32, deflateSync } from "node:zlib";

/** A picture of one colour, 48 by 32. */
export function picture(red: number, green: number, blue: number): Buffer {
  const [width, height] = [48, 32];
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  // Eight bits a colour, red, green and blue.
  head.set([8, 2], 8);
  const line = Buffer.concat([Buffer.of(0), ...Array.from({ length: width }, () => Buffer.of(red, green, blue))]);
  const pixels = Buffer.concat(Array.from({ length: height }, () => line));
  return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), chunk("IHDR", head), chunk("IDAT", deflateSync(pixels)), chunk("IEND", Buffer.alloc(0))]);
}

function chunk(name: string, body: Buffer): Buffer {
  const [size, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  size.writeUInt32BE(body.length);
  const named = Buffer.concat([Buffer.from(name, "latin1"), body]);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([size, named, sum]);
}
