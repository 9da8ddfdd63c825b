import type { FakeKube } from '../../src/api/client.fake.ts';
import type { KubeObject } from '../../src/api/meta.ts';
import type { Resource } from '../../src/api/resource.ts';
import { INSTANCES, type Instance } from '../../src/api/vpc/instance.ts';
import { NETWORK_INTERFACES, type NetworkInterface } from '../../src/api/vpc/network-interface.ts';
import { SECURITY_GROUPS, type SecurityGroup } from '../../src/api/vpc/security-group.ts';
import { SUBNETS, type Subnet } from '../../src/api/vpc/subnet.ts';
import { VPCS, type Vpc } from '../../src/api/vpc/vpc.ts';
import { block, overlap } from './blocks.ts';

type OfVpc = KubeObject & { readonly spec: { readonly vpcId: string } };
type Named<T> = ReadonlyMap<string, T>;

/** All that is stored, by name, and what was found wrong with it. */
export class Facts {
  readonly problems: string[] = [];
  readonly vpcs: Named<Vpc>;
  readonly subnets: Named<Subnet>;
  readonly groups: Named<SecurityGroup>;
  readonly interfaces: Named<NetworkInterface>;
  readonly instances: Named<Instance>;
  readonly kube: FakeKube;

  constructor(kube: FakeKube) {
    this.kube = kube;
    this.vpcs = this.all(VPCS);
    this.subnets = this.all(SUBNETS);
    this.groups = this.all(SECURITY_GROUPS);
    this.interfaces = this.all(NETWORK_INTERFACES);
    this.instances = this.all(INSTANCES);
  }

  all<T extends KubeObject>(resource: Resource<T>): Named<T> {
    return new Map(this.kube.peekAll(resource).map((object) => [object.metadata.name, object]));
  }

  expect(holds: boolean, problem: string): void {
    if (!holds) this.problems.push(problem);
  }

  /** What an object uses, if anything, must be in the same VPC. */
  expectInVpc(id: string, vpcId: string, resource: Resource<OfVpc>, used?: string): void {
    if (used === undefined) return;
    const found = this.kube.peek(resource, { name: used });
    this.expect(found?.spec.vpcId === vpcId, `${id} uses ${used}, which is not in its VPC`);
  }

  /** No two of these may be the same. */
  distinct(what: string, keys: readonly string[]): void {
    const seen = new Set<string>();
    for (const key of keys) {
      this.expect(!seen.has(key), `${what} twice: ${key}`);
      seen.add(key);
    }
  }

  /** No two of these blocks may have an address in common. */
  apart(what: string, blocks: readonly string[]): void {
    const read = blocks
      .map(block)
      .sort((a, b) => a.family - b.family || (a.first < b.first ? -1 : 1));
    for (const [i, each] of read.entries()) {
      const before = read[i - 1];
      if (before !== undefined)
        this.expect(!overlap(before, each), `${what} overlap: ${before.text} ${each.text}`);
    }
  }
}
