import { createHash } from 'node:crypto';

/** Names and numbers of what we make in the kernel. They are EKS's where EKS has them (spec 5.5). */

/** First 11 hex digits of SHA-1 over `namespace.name`: common to all links of a pod. */
export function podSuffix(namespace: string, name: string): string {
  return createHash('sha1').update(`${namespace}.${name}`).digest('hex').slice(0, 11);
}

/** Host end of a pod's veth pair in strict mode; `vlan` keeps SNAT and connmark rules away. */
export function strictVeth(suffix: string): string {
  return `vlan${suffix}`;
}

/** Host end of a pod's veth pair for plain pods and in standard mode. */
export function plainVeth(suffix: string, vethPrefix = 'eni'): string {
  return `${vethPrefix}${suffix}`;
}

/** Name of the interface in a CNI result that carries the VLAN id. */
export function dummyName(suffix: string): string {
  return `dummy${suffix}`;
}

/** Host end of a branch. */
export function branchLink(vlanId: number): string {
  return `vlan.eth.${vlanId}`;
}

/** Route table of a branch. */
export function branchTable(vlanId: number): number {
  return 100 + vlanId;
}

/** Host end of an attached interface. */
export function deviceLink(deviceIndex: number): string {
  return `eth${deviceIndex}`;
}

/** Route table of an attached interface other than the primary one. */
export function deviceTable(deviceIndex: number): number {
  return deviceIndex + 1;
}

/** The fabric's end of an interface: link names hold 15 bytes, so the last 14 digits of the id. */
export function portLink(eniId: string): string {
  return `e${eniId.replace(/^eni-/, '').slice(-14).padStart(14, '0')}`;
}

/** Whether a link of a fabric namespace is one of our ports. */
export function isPortLink(name: string): boolean {
  return /^e[0-9a-f]{14}$/.test(name);
}

/** Tables. */
export const MAIN_TABLE = 254;
/** The kernel's table of own addresses. */
export const LOCAL_TABLE = 255;

/** Rule priorities of spec 5.5. */
export const PRIORITY = {
  branch: 10,
  localStrict: 20,
  toPod: 512,
  /** Marked packets to the main table: they leave by the primary interface. */
  marked: 1024,
  externalService: 1535,
  fromPod: 1536,
  fromInterface: 32765,
} as const;

/** Links in this group await one common delete (DESIGN: D14). */
export const DOOMED_GROUP = 7467;

/** Address of the metadata service; the fabric has it, as the card of an EC2 instance does. */
export const METADATA_ADDRESS = '169.254.169.254';

/** Address of the router as pods see it; answered by a permanent neighbour entry, never by ARP. */
export const POD_GATEWAY = '169.254.1.1';
