import type { FakeKube } from '../../src/api/client.fake.ts';
import type { KubeObject } from '../../src/api/meta.ts';
import type { Resource } from '../../src/api/resource.ts';
import { VPC_OBJECT_CRDS } from '../../src/api/vpc/all.ts';
import { memoryDifferences } from './memory.ts';
import type { World } from './world.ts';
import { Facts } from './facts.ts';
import { ADDRESS_CHECKS } from './address-checks.ts';
import { INTERFACE_CHECKS } from './interface-checks.ts';
import { NETWORK_CHECKS } from './network-checks.ts';

/**
 * Looks through what is stored for anything that the VPC API must never let happen. Reads the raw
 * objects and follows references by itself: none of the server's own checks or indexes are used.
 */
export async function inconsistencies(
  world: World,
  everSeen: ReadonlySet<string>,
): Promise<readonly string[]> {
  return [...storedInconsistencies(world.kube), ...(await memoryDifferences(world, everSeen))];
}

/** The same for what is stored alone, whoever serves it. */
export function storedInconsistencies(kube: FakeKube): readonly string[] {
  const facts = new Facts(kube);
  for (const check of CHECKS) check(facts);
  return facts.problems;
}

/** Ids inside objects: associations, attachments, permissions. */
const INNER_ID =
  /\b(?:rtbassoc|aclassoc|vpc-cidr-assoc|subnet-cidr-assoc|eni-perm|eni-attach)-[0-9a-f]{17}\b/g;

function everything(facts: Facts): void {
  const inner: string[] = [];
  for (const { resource } of VPC_OBJECT_CRDS)
    for (const { metadata, spec } of facts.kube.peekAll(
      resource as Resource<KubeObject & { spec: Tagged }>,
    )) {
      inner.push(...(JSON.stringify(spec).match(INNER_ID) ?? []));
      const keys = Object.keys(spec.tags ?? {});
      facts.expect(keys.length <= 50, `${metadata.name} has ${keys.length} tags`);
      facts.expect(
        !keys.some((key) => key.startsWith('aws:') && key !== 'aws:eks:cluster-name'),
        `${metadata.name} has a tag of AWS's`,
      );
    }
  facts.distinct('Inner id', inner);
}

interface Tagged {
  readonly tags?: Readonly<Record<string, string>>;
}

const CHECKS = [...NETWORK_CHECKS, ...INTERFACE_CHECKS, ...ADDRESS_CHECKS, everything];
