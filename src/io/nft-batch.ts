import { closeSync } from 'node:fs';
import { NftError, type NetnsPath, type NftBatch } from '../base/network.ts';
import { AF, FLAG } from './netlink/constants.ts';
import {
  errnoName,
  libcLoads,
  lastErrno,
  receive,
  send,
  setSocketFlag,
  setSocketNumber,
  socket,
  socketNumber,
} from './netlink/libc.ts';
import { parseAck, parseMessages } from './netlink/message.ts';
import { PROTOCOL } from './netlink/socket.ts';
import { inNetns } from './netns.ts';

const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
const SOL_SOCKET = 1;
const SO_SNDBUF = 7;
const SO_SNDBUFFORCE = 32;
const SOL_NETLINK = 270;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
/** Asked for; a user namespace gets twice net.core.wmem_max, mostly 416 KiB. */
const SEND_BYTES_WANTED = 32 * 1024 * 1024;
/** The kernel keeps 32 bytes of the send buffer to itself; the frame of the batch needs two headers. */
const OVERHEAD_BYTES = 32 + 2 * 20;
const RECEIVE_BYTES = 64 * 1024;
const HEADER_BYTES = 16;
const BATCH_BEGIN = 16;
const BATCH_END = 17;
/** NFNL_SUBSYS_NFTABLES, big-endian, where other messages have their resource id. */
const NFTABLES = 10;

const INTO = Buffer.alloc(RECEIVE_BYTES);

/** The NftBatch port, or nothing on a machine where the C library cannot be called. */
export function nftBatchHere(): (NftBatch & { close(): void }) | undefined {
  return libcLoads() ? createNftBatch() : undefined;
}

/** The NftBatch port over sockets that stay open, one per namespace. */
export function createNftBatch(): NftBatch & { close(): void } {
  const sockets = new Map<NetnsPath, BatchSocket>();
  const opened = (netns: NetnsPath): BatchSocket => {
    const known = sockets.get(netns);
    if (known) return known;
    const fresh = new BatchSocket(netns);
    sockets.set(netns, fresh);
    return fresh;
  };
  const drop = (netns: NetnsPath): void => {
    sockets.get(netns)?.close();
    sockets.delete(netns);
  };
  return {
    bytesMax: (netns) => opened(netns).bytesMax,
    transact: async (netns, messages) => {
      try {
        opened(netns).transact(messages);
      } catch (error) {
        // Answers that nobody read yet must not be taken for those of the next batch.
        drop(netns);
        throw error;
      }
    },
    close: () => [...sockets.keys()].forEach(drop),
  };
}

class BatchSocket {
  readonly bytesMax: number;
  readonly #fd: number;
  #sequence = 0;

  constructor(netns: NetnsPath) {
    this.#fd = enter(netns);
    if (this.#fd < 0) throw failure('open an nfnetlink socket', lastErrno());
    for (const option of [NETLINK_CAP_ACK, NETLINK_EXT_ACK])
      setSocketFlag(this.#fd, SOL_NETLINK, option);
    const size = { level: SOL_SOCKET, value: SEND_BYTES_WANTED };
    if (setSocketNumber(this.#fd, { ...size, option: SO_SNDBUFFORCE }) < 0)
      setSocketNumber(this.#fd, { ...size, option: SO_SNDBUF });
    this.bytesMax = socketNumber(this.#fd, SOL_SOCKET, SO_SNDBUF) - OVERHEAD_BYTES;
  }

  /** The kernel does its work within `send`; only the last message is acknowledged, unless one fails. */
  transact(messages: Uint8Array): void {
    if (messages.length === 0) return;
    const batch = Buffer.concat([frame(BATCH_BEGIN), messages, frame(BATCH_END)]);
    const last = this.#number(batch);
    if (send(this.#fd, batch) < 0) throw failure('send a batch', lastErrno());
    while (!this.#answered(last));
  }

  close(): void {
    closeSync(this.#fd);
  }

  /** Numbers the messages and asks for one answer; the number that it will carry. */
  #number(batch: Buffer): number {
    let last = 0;
    for (let at = 0; at < batch.length; at += (batch.readUInt32LE(at) + 3) & ~3) {
      this.#sequence = (this.#sequence + 1) >>> 0;
      batch.writeUInt32LE(this.#sequence, at + 8);
      if (at + 20 < batch.length) last = at;
    }
    batch.writeUInt16LE(batch.readUInt16LE(last + 6) | FLAG.ack, last + 6);
    return batch.readUInt32LE(last + 8);
  }

  #answered(last: number): boolean {
    const length = receive(this.#fd, INTO);
    if (length < 0) throw failure('receive the answer of a batch', lastErrno());
    return parseMessages(INTO.subarray(0, length)).some((one) => {
      const ack = parseAck(one);
      if (ack && ack.errno !== 0) throw failure('change nftables', ack.errno, ack.text);
      return one.sequence === last;
    });
  }
}

function enter(netns: NetnsPath): number {
  try {
    return inNetns(netns, () => socket(AF.netlink, SOCK_RAW_CLOEXEC, PROTOCOL.netfilter));
  } catch (error) {
    throw new NftError('unavailable', `Cannot enter ${netns ?? 'the namespace'}: ${String(error)}`);
  }
}

function frame(type: number): Buffer {
  const out = Buffer.alloc(HEADER_BYTES + 4);
  out.writeUInt32LE(out.length, 0);
  out.writeUInt16LE(type, 4);
  out.writeUInt16LE(FLAG.request, 6);
  out.writeUInt16BE(NFTABLES, HEADER_BYTES + 2);
  return out;
}

const CODES: Readonly<Record<string, NftError['code']>> = {
  ENOENT: 'not-found',
  EEXIST: 'exists',
  EPERM: 'unavailable',
};

/** The one place where an errno of nfnetlink becomes a code. */
function failure(what: string, errno: number, text?: string): NftError {
  const name = errnoName(errno);
  const detail = text === undefined ? name : `${name} (${text})`;
  return new NftError(CODES[name] ?? 'invalid', `Cannot ${what}: ${detail}`);
}
