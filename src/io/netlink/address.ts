import { formatIp, ipBits, parseIp, type Ip } from '../../base/ip.ts';
import { AF } from './constants.ts';

/** The bytes of an address in network order, with its netlink family and length in bits. */
export interface AddressBytes {
  readonly bytes: Buffer;
  readonly family: number;
  readonly bits: 32 | 128;
}

/** An address or block as the caller wrote it: `a.b.c.d`, `a.b.c.d/n`, or `default`. */
export interface Prefix {
  readonly address: AddressBytes;
  readonly prefixBits: number;
}

/** Reads an address; throws RangeError on bad text, a bug of the caller. */
export function addressBytes(text: string): AddressBytes {
  const ip = parseIp(text);
  if (!ip.ok) throw new RangeError(ip.error);
  const bits = ipBits(ip.value.family);
  const hex = ip.value.value.toString(16).padStart(bits / 4, '0');
  const family = ip.value.family === 4 ? AF.inet : AF.inet6;
  return { bytes: Buffer.from(hex, 'hex'), family, bits };
}

/** Text of address bytes: 4 bytes are IPv4, 16 are IPv6. */
export function addressText(bytes: Buffer): string {
  const family: Ip['family'] = bytes.length === 4 ? 4 : 6;
  return formatIp({ family, value: BigInt(`0x${bytes.toString('hex') || '0'}`) });
}

/** Reads `address`, `address/length` or `default` (which takes the family of `hint`). */
export function prefix(text: string, hint: string | undefined): Prefix {
  if (text === 'default') {
    const zero = hint?.includes(':') === true ? '::' : '0.0.0.0';
    return { address: addressBytes(zero), prefixBits: 0 };
  }
  const [host = '', length] = text.split('/');
  const address = addressBytes(host);
  return { address, prefixBits: length === undefined ? address.bits : Number(length) };
}

/** The six bytes of `aa:bb:cc:dd:ee:ff`. */
export function macBytes(text: string): Buffer {
  const bytes = Buffer.from(text.replaceAll(':', ''), 'hex');
  if (bytes.length !== 6) throw new RangeError(`'${text}' is not a MAC address`);
  return bytes;
}

/** Lower-case text of a link-layer address. */
export function macText(bytes: Buffer | undefined): string {
  return [...(bytes ?? [])].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}
