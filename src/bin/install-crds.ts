import { createHash } from 'node:crypto';
import type { KubeClient } from '../api/client.ts';
import {
  CUSTOM_RESOURCE_DEFINITIONS,
  crdManifest,
  type CustomResource,
  type CustomResourceDefinition,
} from '../api/custom-resource.ts';
import { isKubeError } from '../api/kube-error.ts';
import { CRD_DIGEST_ANNOTATION, CRD_FORMAT_ANNOTATION } from '../api/names.ts';
import { VPC_STATE_FORMAT } from '../api/vpc/all.ts';
import type { Clock } from '../base/clock.ts';
import { LabProblem } from '../cli/lab-port.ts';

/** How long a Kubernetes API may take to serve a new kind. */
const SERVED_WITHIN_MS = 15_000;
const SERVED_STEP_MS = 50;

/**
 * Brings the definitions of the kinds about and waits until they are served. One that another build
 * wrote is replaced, unless that build keeps its state in a newer format than we can read.
 */
export async function installCrds(
  kube: KubeClient,
  clock: Clock,
  crds: readonly CustomResource[],
): Promise<void> {
  const changed = await Promise.all(crds.map((crd) => install(kube, marked(crd))));
  const untilMs = clock.monotonicMs() + SERVED_WITHIN_MS;
  for (const { resource } of crds.filter((_crd, i) => changed[i]))
    while (!(await isServed(kube, resource))) {
      if (clock.monotonicMs() > untilMs)
        throw new LabProblem(`The Kubernetes API does not serve ${resource.plural}: see its CRD`);
      await clock.sleep(SERVED_STEP_MS);
    }
}

function marked(crd: CustomResource): CustomResourceDefinition {
  const manifest = crdManifest(crd);
  const digest = createHash('sha256').update(JSON.stringify(manifest)).digest('hex');
  const annotations = {
    [CRD_FORMAT_ANNOTATION]: String(VPC_STATE_FORMAT),
    [CRD_DIGEST_ANNOTATION]: digest,
  };
  return { ...manifest, metadata: { ...manifest.metadata, annotations } };
}

/** Answers whether anything changed. */
async function install(kube: KubeClient, wanted: CustomResourceDefinition): Promise<boolean> {
  const { name, annotations = {} } = wanted.metadata;
  const found = await kube.get(CUSTOM_RESOURCE_DEFINITIONS, { name });
  const theirs = found?.metadata.annotations ?? {};
  checkFormat(name, Number(theirs[CRD_FORMAT_ANNOTATION] ?? 0));
  if (theirs[CRD_DIGEST_ANNOTATION] === annotations[CRD_DIGEST_ANNOTATION]) return false;
  await write(kube, found === undefined, wanted).catch((error: unknown) => {
    // Two may start at once: the second finds what it wanted.
    if (!isKubeError(error, 'AlreadyExists') && !isKubeError(error, 'Conflict')) throw error;
  });
  return true;
}

function checkFormat(name: string, format: number): void {
  if (format > VPC_STATE_FORMAT)
    throw new LabProblem(
      `Cannot use this cluster: ${name} has format ${format} of a newer Trunkline, ` +
        `this one reads up to ${VPC_STATE_FORMAT}. Start that version`,
    );
}

function write(
  kube: KubeClient,
  isNew: boolean,
  wanted: CustomResourceDefinition,
): Promise<CustomResourceDefinition> {
  if (isNew) return kube.create(CUSTOM_RESOURCE_DEFINITIONS, wanted);
  const { name } = wanted.metadata;
  return kube.patch(CUSTOM_RESOURCE_DEFINITIONS, { name }, { type: 'merge', body: wanted });
}

async function isServed(kube: KubeClient, resource: CustomResource['resource']): Promise<boolean> {
  try {
    await kube.list(resource);
    return true;
  } catch (error) {
    if (isKubeError(error, 'NotFound')) return false;
    throw error;
  }
}
