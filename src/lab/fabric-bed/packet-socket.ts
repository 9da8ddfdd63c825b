import { closeSync } from 'node:fs';
import koffi from 'koffi';
import { inNetns } from '../../io/netns.ts';
import { lastErrno, setSocketFlag, socket } from '../../io/netlink/libc.ts';

const libc = koffi.load('libc.so.6');
const sendto = libc.func('long sendto(int, const void *, size_t, int, const void *, uint32_t)') as (
  ...all: readonly [number, Buffer, number, number, Buffer, number]
) => number;
const recvfrom = libc.func(
  'long recvfrom(int, _Out_ void *, size_t, int, _Out_ void *, _Inout_ uint32_t *)',
) as (...all: readonly [number, Buffer, number, number, Buffer, number[]]) => number;
const nametoindex = libc.func('uint32_t if_nametoindex(const char *)') as (name: string) => number;

const AF_PACKET = 17;
const SOCK_RAW_NONBLOCK = 3 | 0o4000;
/** ETH_P_ALL in network byte order. */
const ALL_PROTOCOLS = 0x0300;
const SOL_PACKET = 263;
const PACKET_IGNORE_OUTGOING = 23;
const EAGAIN = 11;
/** sizeof(struct sockaddr_ll). */
const ADDRESS_SIZE = 20;
const FRAME_MAX = 2048;

/** A frame and the link it came in by. */
export interface ReceivedFrame {
  readonly link: string;
  readonly frame: Buffer;
}

/**
 * Frames of all links of one network namespace, sent and received as raw bytes: no address, route or
 * protocol of that namespace has a say. The socket stays in the namespace that it was opened in.
 */
export class PacketSocket {
  readonly #fd: number;
  readonly #indexes: ReadonlyMap<string, number>;
  readonly #names: ReadonlyMap<number, string>;
  readonly #buffer = Buffer.alloc(FRAME_MAX);
  readonly #from = Buffer.alloc(ADDRESS_SIZE);

  constructor(netns: string, links: readonly string[]) {
    const opened = inNetns(netns, () => ({
      fd: socket(AF_PACKET, SOCK_RAW_NONBLOCK, ALL_PROTOCOLS),
      indexes: links.map((link) => [link, nametoindex(link)] as const),
    }));
    if (opened.fd < 0) throw new Error(`Cannot open a packet socket: errno ${lastErrno()}`);
    this.#fd = opened.fd;
    setSocketFlag(this.#fd, SOL_PACKET, PACKET_IGNORE_OUTGOING);
    this.#indexes = new Map(opened.indexes);
    this.#names = new Map(opened.indexes.map(([link, index]) => [index, link]));
  }

  send(link: string, frame: Buffer): void {
    const to = Buffer.alloc(ADDRESS_SIZE);
    to.writeUInt16LE(AF_PACKET, 0);
    to.writeInt32LE(this.#indexes.get(link) ?? -1, 4);
    const sent = sendto(this.#fd, frame, frame.length, 0, to, ADDRESS_SIZE);
    if (sent !== frame.length) throw new Error(`Cannot send by ${link}: errno ${lastErrno()}`);
  }

  /** The next frame that is waiting, or undefined. */
  receive(): ReceivedFrame | undefined {
    for (;;) {
      const length = recvfrom(this.#fd, this.#buffer, FRAME_MAX, 0, this.#from, [ADDRESS_SIZE]);
      if (length < 0) {
        if (lastErrno() === EAGAIN) return undefined;
        throw new Error(`Cannot receive: errno ${lastErrno()}`);
      }
      const link = this.#names.get(this.#from.readInt32LE(4));
      if (link !== undefined) return { link, frame: Buffer.from(this.#buffer.subarray(0, length)) };
    }
  }

  close(): void {
    closeSync(this.#fd);
  }
}
