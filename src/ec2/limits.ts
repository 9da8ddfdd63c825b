import rows from './data/instance-limits.json' with { type: 'json' };

/** What an instance type allows. Source: the limits table of EKS's controller, 1164 types. */
export interface InstanceLimits {
  readonly maxInterfaces: number;
  /** Primary address included. */
  readonly ipv4PerInterface: number;
  /** Branch interfaces over all trunks of the instance; 0 when it cannot have a trunk. */
  readonly branchInterfaces: number;
  readonly trunkCompatible: boolean;
  /** `nitro`, `xen` or '' (bare metal). */
  readonly hypervisor: string;
  readonly bareMetal: boolean;
  readonly defaultNetworkCard: number;
  /** Interfaces per network card. */
  readonly networkCards: readonly number[];
}

const TABLE = rows as unknown as Readonly<Record<string, Row>>;
type Row = readonly [number, number, number, number, string, number, number, readonly number[]];

/** The limits of an instance type such as `m5.large`; undefined when there is no such type. */
export function instanceLimits(instanceType: string): InstanceLimits | undefined {
  const row = Object.hasOwn(TABLE, instanceType) ? TABLE[instanceType] : undefined;
  if (row === undefined) return undefined;
  const [maxInterfaces, ipv4PerInterface, branchInterfaces, trunk, hypervisor, metal, card, cards] =
    row;
  return {
    maxInterfaces,
    ipv4PerInterface,
    branchInterfaces,
    trunkCompatible: trunk === 1,
    hypervisor,
    bareMetal: metal === 1,
    defaultNetworkCard: card,
    networkCards: cards,
  };
}

/** Every known instance type. */
export function instanceTypes(): readonly string[] {
  return Object.keys(TABLE);
}
