import type { BranchInterface } from '../branch-pool/ledger.ts';

/** One element of the annotation `vpc.amazonaws.com/pod-eni` (spec: eks-behaviour 3.6). */
export interface BranchDetails {
  readonly eniId: string;
  readonly ifAddress: string;
  readonly privateIp: string;
  readonly ipv6Addr: string;
  readonly vlanId: number;
  readonly subnetCidr: string;
  readonly subnetV6Cidr: string;
  readonly associationID: string;
}

/** Where a branch hangs. */
export interface BranchPlace {
  readonly vlanId: number;
  readonly subnetCidr: string;
  readonly subnetV6Cidr: string;
}

/** The element for one branch; unknown texts are empty. */
export function branchDetails(branch: BranchInterface, place: BranchPlace): BranchDetails {
  return {
    eniId: branch.eniId,
    ifAddress: branch.macAddress,
    privateIp: branch.privateIp,
    ipv6Addr: branch.ipv6,
    vlanId: place.vlanId,
    subnetCidr: place.subnetCidr,
    subnetV6Cidr: place.subnetV6Cidr,
    associationID: branch.associationId ?? '',
  };
}

/** The annotation: compact JSON, keys in the order of the contract, byte for byte. */
export function formatAnnotation(details: readonly BranchDetails[]): string {
  return JSON.stringify(
    details.map((each) => ({
      eniId: each.eniId,
      ifAddress: each.ifAddress,
      privateIp: each.privateIp,
      ipv6Addr: each.ipv6Addr,
      vlanId: each.vlanId,
      subnetCidr: each.subnetCidr,
      subnetV6Cidr: each.subnetV6Cidr,
      associationID: each.associationID,
    })),
  );
}

/** Reads an annotation. Elements without an interface id or VLAN id are left out. */
export function parseAnnotation(text: string | undefined): readonly BranchDetails[] {
  let value: unknown;
  try {
    value = JSON.parse(text ?? '[]');
  } catch {
    return [];
  }
  return Array.isArray(value) ? value.flatMap((item: unknown) => parseElement(item)) : [];
}

function parseElement(item: unknown): readonly BranchDetails[] {
  const fields = (typeof item === 'object' ? item : null) as Record<string, unknown> | null;
  const text = (key: string): string => {
    const found = fields?.[key];
    return typeof found === 'string' ? found : '';
  };
  const vlanId = fields?.['vlanId'] ?? fields?.['vlanID'];
  const eniId = text('eniId');
  if (eniId === '' || typeof vlanId !== 'number') return [];
  return [
    {
      eniId,
      ifAddress: text('ifAddress'),
      privateIp: text('privateIp'),
      ipv6Addr: text('ipv6Addr'),
      vlanId,
      subnetCidr: text('subnetCidr'),
      subnetV6Cidr: text('subnetV6Cidr'),
      associationID: text('associationID'),
    },
  ];
}
