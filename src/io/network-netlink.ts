import { closeSync, writeFileSync } from 'node:fs';
import {
  NetworkError,
  type LinkInfo,
  type NetnsPath,
  type NetnsState,
  type Network,
  type NetworkStep,
} from '../base/network.ts';
import { addressBytes } from './netlink/address.ts';
import { AF, FLAG, TYPE } from './netlink/constants.ts';
import {
  decodeAddress,
  decodeFdb,
  decodeLink,
  decodeNeighbour,
  decodeRoute,
  decodeRule,
} from './netlink/dump.ts';
import { decodeFlow, encodeDeleteFlow, encodeListFlows } from './netlink/flow.ts';
import { errnoName } from './netlink/libc.ts';
import { message, type Ack, type Message } from './netlink/message.ts';
import { NetlinkSocket, PROTOCOL } from './netlink/socket.ts';
import { encodeGetLink, encodeStep } from './netlink/step.ts';
import { inNetns, makeNetns, openNetns, removeNetns } from './netns.ts';
import { sysctlPath } from './netns-path.ts';
import { describeStep, tolerates } from './network-step.ts';

/**
 * The Network port over rtnetlink (DESIGN: D14). A batch opens one socket in its namespace and sends
 * its steps one by one: the kernel would not stop at a failure inside a longer datagram, and a round
 * trip costs only 14 us. Link deletes wait for RCU grace periods, so they run on a pool thread.
 */
export function createNetlinkNetwork(): Network {
  return { apply, links, read, sysctl, forgetFlows, createNamespace, deleteNamespace };
}

async function apply(netns: NetnsPath, steps: readonly NetworkStep[]): Promise<void> {
  if (steps.length === 0) return;
  const batch = new Batch(netns);
  try {
    for (const step of steps) {
      if (step.op === 'link-delete' || step.op === 'link-delete-group')
        await batch.applyInBackground(step);
      else batch.apply(step);
    }
  } finally {
    batch.close();
  }
}

/** One socket in one namespace, with the link indexes it has looked up. */
class Batch {
  readonly #socket: NetlinkSocket;
  readonly #indexes = new Map<string, number>();
  readonly #open: number[] = [];

  constructor(netns: NetnsPath) {
    this.#socket = new NetlinkSocket(netns);
  }

  apply(step: NetworkStep): void {
    const data = this.#encode(step);
    if (data) checkAck(this.#socket.request(data).ack, step);
    // A link that changes its name or is made again gets another index.
    if (step.op === 'link-set' && step.rename !== undefined) this.#indexes.clear();
  }

  async applyInBackground(step: NetworkStep): Promise<void> {
    const data = this.#encode(step);
    if (data) checkAck((await this.#socket.requestInBackground(data)).ack, step);
    this.#indexes.clear();
  }

  close(): void {
    this.#socket.close();
    for (const fd of this.#open) closeSync(fd);
  }

  /** Undefined when the step needs nothing done because its link is already missing. */
  #encode(step: NetworkStep): Buffer | undefined {
    try {
      return encodeStep(step, {
        linkIndex: (name) => this.#linkIndex(name, step),
        netnsFd: (path) => this.#netnsFd(path),
      });
    } catch (error) {
      if (error instanceof NetworkError && tolerates(step, error.code)) return undefined;
      throw error;
    }
  }

  #linkIndex(name: string, step: NetworkStep): number {
    const known = this.#indexes.get(name);
    if (known !== undefined) return known;
    const { ack, messages } = this.#socket.request(encodeGetLink(name));
    const [link] = messages.map((one) => decodeLink(one));
    if (ack.errno !== 0 || !link)
      throw new NetworkError('ENODEV', `${describeStep(step)}: no link ${name}`, step);
    this.#indexes.set(name, link.index);
    return link.index;
  }

  #netnsFd(path: string): number {
    const fd = openNetns(path);
    this.#open.push(fd);
    return fd;
  }
}

function checkAck(ack: Ack, step: NetworkStep): void {
  if (ack.errno === 0) return;
  const code = errnoName(ack.errno);
  if (tolerates(step, code)) return;
  const why = ack.text === undefined ? code : `${code} (${ack.text})`;
  throw new NetworkError(code, `${describeStep(step)}: ${why}`, step);
}

async function links(netns: NetnsPath): Promise<readonly LinkInfo[]> {
  return withSocket(netns, (socket) => dumpLinks(socket));
}

async function read(netns: NetnsPath): Promise<NetnsState> {
  return withSocket(netns, (socket) => {
    const found = dumpLinks(socket);
    const names = new Map(found.map((link) => [link.index, link.name]));
    const neighbours = dump(socket, TYPE.getNeighbour, Buffer.alloc(12));
    const bridges = dump(socket, TYPE.getNeighbour, headerOf(12, AF.bridge));
    return {
      links: found,
      addresses: defined(dump(socket, TYPE.getAddress, Buffer.alloc(8)), (one) =>
        decodeAddress(one, names),
      ),
      routes: defined(dump(socket, TYPE.getRoute, Buffer.alloc(12)), (one) =>
        decodeRoute(one, names),
      ),
      rules: defined(dump(socket, TYPE.getRule, headerOf(12, AF.inet)), decodeRule),
      neighbours: defined(neighbours, (one) => decodeNeighbour(one, names)),
      fdb: defined(bridges, (one) => decodeFdb(one, names)),
    };
  });
}

/** In the header of IPv4. */
const UDP = 17;

async function forgetFlows(
  netns: NetnsPath,
  addresses: readonly string[],
  only?: 'udp',
): Promise<number> {
  const wanted = addresses.map((address) => addressBytes(address).bytes);
  const concerns = (one: Buffer): boolean => wanted.some((address) => address.equals(one));
  return withSocket(
    netns,
    (socket) => {
      const flows = defined(socket.request(encodeListFlows()).messages, decodeFlow);
      const doomed = flows.filter(
        (flow) =>
          (only === undefined || flow.protocol === UDP) &&
          (concerns(flow.source) || concerns(flow.destination)),
      );
      // A flow that ended by itself in the meantime is as good as removed.
      for (const flow of doomed) socket.request(encodeDeleteFlow(flow));
      return doomed.length;
    },
    PROTOCOL.netfilter,
  );
}

function withSocket<T>(
  netns: NetnsPath,
  action: (socket: NetlinkSocket) => T,
  protocol: number = PROTOCOL.route,
): T {
  const socket = new NetlinkSocket(netns, protocol);
  try {
    return action(socket);
  } finally {
    socket.close();
  }
}

function headerOf(lengthBytes: number, family: number): Buffer {
  const header = Buffer.alloc(lengthBytes);
  header.writeUInt8(family, 0);
  return header;
}

function dump(socket: NetlinkSocket, type: number, header: Buffer): Message[] {
  const { ack, messages } = socket.request(message(type, FLAG.dump, [header]));
  if (ack.errno !== 0)
    throw new NetworkError(errnoName(ack.errno), `Cannot read the network (${type})`);
  return messages;
}

function dumpLinks(socket: NetlinkSocket): LinkInfo[] {
  return defined(dump(socket, TYPE.getLink, Buffer.alloc(16)), decodeLink);
}

function defined<T>(messages: readonly Message[], decode: (one: Message) => T | undefined): T[] {
  return messages.map((one) => decode(one)).filter((one) => one !== undefined);
}

async function sysctl(netns: NetnsPath, values: Readonly<Record<string, string>>): Promise<void> {
  inNetns(netns, () => {
    for (const [key, value] of Object.entries(values)) writeSysctl(key, value);
  });
}

function writeSysctl(key: string, value: string): void {
  try {
    writeFileSync(sysctlPath(key), value);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'EIO';
    throw new NetworkError(code, `Cannot set ${key} to ${value}: ${code}`);
  }
}

async function createNamespace(name: string): Promise<string> {
  const path = makeNetns(name);
  await apply(path, [{ op: 'link-set', name: 'lo', up: true }]);
  return path;
}

async function deleteNamespace(name: string): Promise<void> {
  removeNetns(name);
}
