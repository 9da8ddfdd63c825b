/**
 * The binary forms of OpenSSH keys (RFC 4251, RFC 4253 section 6.6, RFC 8709, and OpenSSH's
 * PROTOCOL.key): strings with their length in front.
 */
const LENGTH_BYTES = 4;

/** Writes strings, each with its length in front. */
export function writeStrings(...parts: readonly (Uint8Array | string)[]): Buffer {
  return Buffer.concat(
    parts.flatMap((part) => {
      const bytes = typeof part === 'string' ? Buffer.from(part) : part;
      return [uint32(bytes.length), bytes];
    }),
  );
}

/** Reads strings until the end; undefined when the lengths do not add up. */
export function readStrings(bytes: Buffer): Buffer[] | undefined {
  const parts: Buffer[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (at + LENGTH_BYTES > bytes.length) return undefined;
    const end = at + LENGTH_BYTES + bytes.readUInt32BE(at);
    if (end > bytes.length) return undefined;
    parts.push(bytes.subarray(at + LENGTH_BYTES, end));
    at = end;
  }
  return parts;
}

/** A big-endian number of four bytes. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(LENGTH_BYTES);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A positive multi-precision integer: with a zero in front when the first bit is set. */
export function mpint(magnitude: Uint8Array): Buffer {
  const first = magnitude[0] ?? 0;
  return Buffer.concat([Buffer.alloc(first >= 0x80 ? 1 : 0), magnitude]);
}

/** The magnitude of a multi-precision integer, without zeros in front. */
export function magnitudeOf(integer: Uint8Array): Buffer {
  const bytes = Buffer.from(integer);
  const start = bytes.findIndex((byte) => byte !== 0);
  return bytes.subarray(start < 0 ? bytes.length : start);
}
