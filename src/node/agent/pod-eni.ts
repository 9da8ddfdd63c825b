import type { Pod } from '../../api/core/pod.ts';
import { POD_ENI } from '../../api/names.ts';
import { cidrAt, parseCidr } from '../../base/cidr.ts';
import { formatIp, parseIp } from '../../base/ip.ts';
import { err, ok, type Result } from '../../base/result.ts';

/** What the annotation `vpc.amazonaws.com/pod-eni` says about the pod's branch (spec 3.6). */
export interface PodEni {
  readonly eniId: string;
  readonly mac: string;
  readonly address: string;
  readonly vlanId: number;
  /** Network address + 1. */
  readonly gateway: string;
}

/** Whether the pod asks for a branch; only limits of the first container count (spec 5.4). */
export function wantsBranch(pod: Pod): boolean {
  const limits = pod.spec.containers[0]?.resources?.limits ?? {};
  return Object.keys(limits).some((key) => key.startsWith(POD_ENI));
}

/** Reads the annotation. An error says what is wrong with it, or that it is not there yet. */
export function parsePodEni(pod: Pod): Result<PodEni, string> {
  const text = pod.metadata.annotations?.[POD_ENI];
  if (text === undefined) return err(`annotation ${POD_ENI} is not there yet`);
  const first = firstObject(text);
  if (!first) return err(`annotation ${POD_ENI} is not a JSON array with an object`);
  const { eniId, ifAddress, privateIp, subnetCidr } = first;
  const vlanId = first['vlanId'] ?? first['vlanID'];
  const texts = [eniId, ifAddress, privateIp, subnetCidr];
  if (!texts.every((one) => typeof one === 'string' && one !== ''))
    return err(`annotation ${POD_ENI} lacks eniId, ifAddress, privateIp or subnetCidr`);
  if (typeof vlanId !== 'number' || vlanId < 1 || vlanId > 4094)
    return err(`annotation ${POD_ENI} has no usable vlanId`);
  return branchOf({ eniId, ifAddress, privateIp, subnetCidr } as Texts, vlanId);
}

interface Texts {
  readonly eniId: string;
  readonly ifAddress: string;
  readonly privateIp: string;
  readonly subnetCidr: string;
}

function branchOf(texts: Texts, vlanId: number): Result<PodEni, string> {
  const cidr = parseCidr(texts.subnetCidr);
  if (!cidr.ok) return err(`annotation ${POD_ENI}: ${cidr.error}`);
  if (!parseIp(texts.privateIp).ok)
    return err(`annotation ${POD_ENI}: privateIp ${texts.privateIp} is no address`);
  return ok({
    eniId: texts.eniId,
    mac: texts.ifAddress.toLowerCase(),
    address: texts.privateIp,
    vlanId,
    gateway: formatIp(cidrAt(cidr.value, 1n)),
  });
}

function firstObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const first: unknown = Array.isArray(value) ? value[0] : undefined;
    return typeof first === 'object' && first !== null
      ? (first as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
