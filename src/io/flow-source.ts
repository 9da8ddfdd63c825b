import { closeSync } from 'node:fs';
import type {
  FlowBatch,
  FlowEvent,
  FlowSource,
  FlowTap,
  TrackedFlow,
} from '../base/flow-source.ts';
import { NetworkError, type NetnsPath } from '../base/network.ts';
import { AF } from './netlink/constants.ts';
import { encodeListFlows } from './netlink/flow.ts';
import { decodeTrackedFlow } from './netlink/flow-event.ts';
import {
  bindSocket,
  errnoName,
  lastErrno,
  libcLoads,
  receive,
  send,
  setSocketNumber,
  socket,
} from './netlink/libc.ts';
import { parseAck, parseMessages, type Message } from './netlink/message.ts';
import { decodeLoggedPacket, encodeLogRequests } from './netlink/packet-log.ts';
import { NetlinkSocket, PROTOCOL } from './netlink/socket.ts';
import { inNetns } from './netns.ts';

/** SOCK_RAW, SOCK_NONBLOCK and SOCK_CLOEXEC. */
const SOCKET_TYPE = 3 | 0o4000 | 0o2000000;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_RCVBUFFORCE = 33;
const SOL_NETLINK = 270;
const NETLINK_ADD_MEMBERSHIP = 1;
/** Asked for; a user namespace gets twice net.core.rmem_max, mostly 416 KiB. */
const RECEIVE_BYTES_WANTED = 8 * 1024 * 1024;
/** NFNLGRP_CONNTRACK_NEW and _DESTROY. */
const FLOW_GROUPS = [1, 3] as const;
const LOG_BYTES = 128;
/** struct sockaddr_nl: the kernel chooses the port. */
const ANY_ADDRESS = Buffer.from([AF.netlink, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
/** Packets of the log come up to a page and more in one datagram. */
const INTO = Buffer.alloc(64 * 1024);

/** The FlowSource of this machine, or nothing where the C library cannot be called. */
export function flowSourceHere(): FlowSource | undefined {
  return libcLoads() ? { open: (netns, logGroup) => new NetlinkTap(netns, logGroup) } : undefined;
}

class NetlinkTap implements FlowTap {
  readonly #netns: NetnsPath;
  readonly #flows: EventSocket;
  readonly #log: EventSocket;

  constructor(netns: NetnsPath, logGroup: number) {
    this.#netns = netns;
    this.#flows = new EventSocket(netns);
    try {
      this.#log = new EventSocket(netns);
    } catch (error) {
      this.#flows.close();
      throw error;
    }
    try {
      for (const group of FLOW_GROUPS) this.#flows.join(group);
      for (const request of encodeLogRequests(logGroup, LOG_BYTES)) this.#log.request(request);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  read(max: number): FlowBatch {
    const events: FlowEvent[] = [];
    const gather = (socket: EventSocket, decode: (one: Message) => FlowEvent | undefined) =>
      socket.read(max, (one) => {
        const event = decode(one);
        if (event) events.push(event);
      });
    const flowsLost = gather(this.#flows, decodeTrackedFlow);
    const packetsLost = gather(this.#log, decodeLoggedPacket);
    return { events, lost: flowsLost || packetsLost };
  }

  list(): readonly TrackedFlow[] {
    const socket = new NetlinkSocket(this.#netns, PROTOCOL.netfilter);
    try {
      const { ack, messages } = socket.request(encodeListFlows('all'));
      if (ack.errno !== 0) throw failure('list flows', ack.errno);
      return messages.flatMap((one) => decodeTrackedFlow(one) ?? []);
    } finally {
      socket.close();
    }
  }

  close(): void {
    this.#flows.close();
    this.#log.close();
  }
}

/** An nfnetlink socket that is read without waiting. */
class EventSocket {
  readonly #fd: number;

  constructor(netns: NetnsPath) {
    this.#fd = inNetns(netns, () => socket(AF.netlink, SOCKET_TYPE, PROTOCOL.netfilter));
    if (this.#fd < 0) throw failure('open an nfnetlink socket', lastErrno());
    const size = { level: SOL_SOCKET, value: RECEIVE_BYTES_WANTED };
    if (setSocketNumber(this.#fd, { ...size, option: SO_RCVBUFFORCE }) < 0)
      setSocketNumber(this.#fd, { ...size, option: SO_RCVBUF });
    // The kernel's own events pass by a socket that has no address yet.
    if (bindSocket(this.#fd, ANY_ADDRESS) < 0) throw this.#failed('bind an nfnetlink socket');
  }

  join(group: number): void {
    const membership = { level: SOL_NETLINK, option: NETLINK_ADD_MEMBERSHIP, value: group };
    if (setSocketNumber(this.#fd, membership) < 0) throw failure('follow flows', lastErrno());
  }

  /** The kernel does its work within `send`: the answer is there when it returns. */
  request(data: Buffer): void {
    if (send(this.#fd, data) < 0) throw failure('ask for logged packets', lastErrno());
    const length = receive(this.#fd, INTO);
    if (length < 0) throw failure('ask for logged packets', lastErrno());
    for (const one of parseMessages(INTO.subarray(0, length))) {
      const errno = parseAck(one)?.errno ?? 0;
      if (errno !== 0) throw failure('ask for logged packets', errno);
    }
  }

  /** Reads what is there; answers whether something was lost before it. */
  read(max: number, each: (one: Message) => void): boolean {
    let lost = false;
    for (let i = 0; i < max; i++) {
      const length = receive(this.#fd, INTO);
      if (length >= 0) {
        for (const one of parseMessages(INTO.subarray(0, length))) each(one);
        continue;
      }
      const code = errnoName(lastErrno());
      if (code === 'EAGAIN') break;
      if (code !== 'ENOBUFS') throw failure('read flow events', lastErrno());
      lost = true;
    }
    return lost;
  }

  close(): void {
    closeSync(this.#fd);
  }

  #failed(what: string): NetworkError {
    const error = failure(what, lastErrno());
    this.close();
    return error;
  }
}

function failure(what: string, errno: number): NetworkError {
  const code = errnoName(errno);
  return new NetworkError(code, `Cannot ${what}: ${code}`);
}
