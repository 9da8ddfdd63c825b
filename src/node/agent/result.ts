import type { CniInterface, CniResult } from '../cni/wire.ts';
import { atLeast } from '../cni/version.ts';
import { dummyName, MAIN_TABLE, podSuffix } from '../wiring/names.ts';
import type { Sandbox } from './sandbox.ts';

/**
 * The CNI result in the layout of the AWS CNI (spec 5.4), which smuggles numbers through MAC fields:
 * the route table in the pod's interface, the VLAN id in a dummy one ("0" for plain pods).
 */
export function cniResult(sandbox: Sandbox, cniVersion: string): CniResult {
  const branch = sandbox.vlanId !== undefined;
  const dummy = { name: dummyName(podSuffix(sandbox.namespace, sandbox.pod)) };
  return {
    cniVersion,
    interfaces: [
      { name: sandbox.hostLink },
      { name: sandbox.ifName, mac: branch ? '0' : String(MAIN_TABLE), sandbox: sandbox.netns },
      branch ? { ...dummy, mac: String(sandbox.vlanId) } : { ...dummy, mac: '0', sandbox: '0' },
    ],
    ips: [
      {
        ...(atLeast(cniVersion, '1.0.0') ? {} : ({ version: '4' } as const)),
        interface: 1,
        address: `${sandbox.address}/32`,
        gateway: sandbox.gateway,
      },
    ],
    dns: {},
  };
}

/** A branch pod as a prevResult names it. */
export interface ResultBranch {
  readonly hostLink: string;
  readonly vlanId: number;
  readonly address: string;
  readonly gateway: string;
}

/** What a prevResult in that layout says about a branch pod; undefined for any other. */
export function branchOfResult(result: CniResult | undefined): ResultBranch | undefined {
  const [host, , dummy] = result?.interfaces ?? [];
  const [ip] = result?.ips ?? [];
  const vlanId = vlanIdOf(dummy);
  if (!host || !ip || vlanId === undefined) return undefined;
  const [address = ''] = ip.address.split('/');
  return { hostLink: host.name, vlanId, address, gateway: ip.gateway ?? address };
}

function vlanIdOf(dummy: CniInterface | undefined): number | undefined {
  const vlanId = dummy?.name.startsWith('dummy') === true ? Number(dummy.mac) : 0;
  return Number.isInteger(vlanId) && vlanId > 0 ? vlanId : undefined;
}
