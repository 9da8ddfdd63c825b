import type { CniResult } from '../cni/wire.ts';
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

/** What a prevResult in that layout says about a branch pod; undefined for any other. */
export function branchOfResult(
  result: CniResult | undefined,
): { hostLink: string; vlanId: number; address: string; gateway: string } | undefined {
  const [host, , dummy] = result?.interfaces ?? [];
  const [ip] = result?.ips ?? [];
  if (!host || !ip || !dummy?.name.startsWith('dummy')) return undefined;
  const vlanId = Number(dummy.mac);
  if (!Number.isInteger(vlanId) || vlanId < 1) return undefined;
  const [address = ''] = ip.address.split('/');
  return { hostLink: host.name, vlanId, address, gateway: ip.gateway ?? address };
}
