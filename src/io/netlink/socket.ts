import { closeSync } from 'node:fs';
import { NetworkError, type NetnsPath } from '../../base/network.ts';
import { inNetns } from '../netns.ts';
import { AF } from './constants.ts';
import {
  errnoName,
  lastErrno,
  receive,
  send,
  sendInBackground,
  setSocketFlag,
  socket,
} from './libc.ts';
import { parseAck, parseMessages, stamp, type Ack, type Message } from './message.ts';

const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const SOL_NETLINK = 270;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const NETLINK_GET_STRICT_CHECK = 12;
/** The kernel fills at most 32 KiB per datagram of a dump. */
const RECEIVE_BYTES = 64 * 1024;

/** Shared by all sockets: an answer is read and copied out in one synchronous section. */
const INTO = Buffer.alloc(RECEIVE_BYTES);

/** NETLINK_ROUTE and NETLINK_NETFILTER. */
export const PROTOCOL = { route: 0, netfilter: 12 } as const;

/**
 * A request-and-answer netlink socket. The kernel handles a request within `send` and queues the
 * answer, so a blocking `receive` returns at once: 14 us for a round trip.
 */
export class NetlinkSocket {
  readonly #fd: number;
  #sequence = 0;

  /** Opens the socket inside `netns`; it stays there whatever this thread does later. */
  constructor(netns: NetnsPath, protocol: number = PROTOCOL.route) {
    this.#fd = inNetns(netns, () => socket(AF.netlink, SOCK_RAW | SOCK_CLOEXEC, protocol));
    if (this.#fd < 0) throw failure('open a netlink socket');
    for (const option of [NETLINK_CAP_ACK, NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHECK])
      setSocketFlag(this.#fd, SOL_NETLINK, option);
  }

  /** Sends one request and gathers what comes back up to its acknowledgement. */
  request(data: Buffer): { ack: Ack; messages: Message[] } {
    const sequence = this.#stamp(data);
    if (send(this.#fd, data) < 0) throw failure('send to netlink');
    return this.#answer(sequence);
  }

  /** As `request`, with the kernel's work on a pool thread: for link deletes, which wait. */
  async requestInBackground(data: Buffer): Promise<{ ack: Ack; messages: Message[] }> {
    const sequence = this.#stamp(data);
    if ((await sendInBackground(this.#fd, data)) < 0)
      throw new NetworkError('EIO', 'Cannot send to netlink in the background');
    return this.#answer(sequence);
  }

  close(): void {
    closeSync(this.#fd);
  }

  #stamp(data: Buffer): number {
    this.#sequence += 1;
    stamp(data, this.#sequence);
    return this.#sequence;
  }

  #answer(sequence: number): { ack: Ack; messages: Message[] } {
    const messages: Message[] = [];
    for (;;) {
      const length = receive(this.#fd, INTO);
      if (length < 0) throw failure('receive from netlink');
      for (const one of parseMessages(INTO.subarray(0, length))) {
        if (one.sequence !== sequence) continue;
        const ack = parseAck(one);
        if (ack) return { ack, messages };
        messages.push({ ...one, body: Buffer.from(one.body) });
      }
    }
  }
}

function failure(what: string): NetworkError {
  const code = errnoName(lastErrno());
  return new NetworkError(code, `Cannot ${what}: ${code}`);
}
