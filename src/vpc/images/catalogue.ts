import { createHash } from 'node:crypto';
import type { Call } from '../context.ts';

/** A machine image. Instances are records here, so an image is no more than its description. */
export interface MachineImage {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly architecture: 'x86_64' | 'arm64';
  readonly owner: string;
  readonly ownerAlias?: 'amazon';
  readonly rootDevice: string;
  readonly createdAt: string;
  readonly isPublic: boolean;
}

/** The accounts that publish EKS' node images, Amazon Linux and Ubuntu on AWS. */
const EKS = { owner: '602401143452', ownerAlias: 'amazon' } as const;
const LINUX = { owner: '137112412989', ownerAlias: 'amazon' } as const;
const CANONICAL = { owner: '099720109477' } as const;

const KUBERNETES = ['1.32', '1.33', '1.34'] as const;
const ARCHITECTURES = ['x86_64', 'arm64'] as const;
const RELEASE = { date: '20250915', createdAt: '2025-09-15T12:00:00.000Z' } as const;

type Draft = Omit<MachineImage, 'id' | 'createdAt' | 'isPublic'>;

/**
 * Names as AWS has them, so that scripts that search by a pattern find something. The releases are
 * made up, and so are the ids: they differ from region to region, but are the same at each start.
 */
const DRAFTS: readonly Draft[] = ARCHITECTURES.flatMap((architecture) => [
  ...KUBERNETES.map((version) => ({
    ...EKS,
    name: `amazon-eks-node-al2023-${architecture}-standard-${version}-v${RELEASE.date}`,
    description: `EKS-optimized Kubernetes node based on Amazon Linux 2023, (k8s: ${version})`,
    rootDevice: '/dev/xvda',
    architecture,
  })),
  {
    ...LINUX,
    name: `al2023-ami-2023.8.${RELEASE.date}.0-kernel-6.1-${architecture}`,
    description: `Amazon Linux 2023 AMI 2023.8.${RELEASE.date}.0 ${architecture} HVM kernel-6.1`,
    rootDevice: '/dev/xvda',
    architecture,
  },
  ...['jammy-22.04', 'noble-24.04'].map((release) => ({
    ...CANONICAL,
    name: ubuntuName(release, architecture),
    description: `Canonical, Ubuntu, ${release.split('-')[1]}, ${debianName(architecture)}`,
    rootDevice: '/dev/sda1',
    architecture,
  })),
]);

function debianName(architecture: MachineImage['architecture']): string {
  return architecture === 'x86_64' ? 'amd64' : 'arm64';
}

function ubuntuName(release: string, architecture: MachineImage['architecture']): string {
  const family = `ubuntu/images/hvm-ssd${release.startsWith('noble') ? '-gp3' : ''}`;
  return `${family}/ubuntu-${release}-${debianName(architecture)}-server-${RELEASE.date}`;
}

/** The images that a caller sees: the public ones of the region, and what its instances run. */
export function imagesFor(call: Call): readonly MachineImage[] {
  const published = DRAFTS.map((draft): MachineImage => {
    const digest = createHash('sha256').update(`${call.region}/${draft.name}`).digest('hex');
    const id = `ami-${digest.slice(0, 17)}`;
    return { ...draft, id, createdAt: RELEASE.createdAt, isPublic: true };
  });
  const known = new Set(published.map(({ id }) => id));
  return [...published, ...ownImages(call).filter(({ id }) => !known.has(id))];
}

/** RunInstances takes every id: what an account has launched is an image of its own. */
function ownImages({ store, accountId: owner }: Call): readonly MachineImage[] {
  const own = new Map<string, MachineImage>();
  for (const { spec } of store.instances.table.values())
    if (spec.account === owner && !own.has(spec.imageId))
      own.set(spec.imageId, {
        id: spec.imageId,
        name: spec.imageId,
        description: '',
        architecture: 'x86_64',
        owner,
        rootDevice: '/dev/xvda',
        createdAt: spec.launchTime,
        isPublic: false,
      });
  return [...own.values()];
}
