import type { Pod } from '../../api/core/pod.ts';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Network } from '../../base/network.ts';
import { CniError, NO_ADDRESS } from '../cni/errors.ts';
import type { AgentRequest, CniResult } from '../cni/wire.ts';
import type { DesiredPort } from '../fabric/desired.ts';
import type { Fabric } from '../fabric/fabric.ts';
import { plainVeth, podSuffix, strictVeth } from '../wiring/names.ts';
import { branchTeardown } from '../wiring/steps.ts';
import type { AddressPool } from './address-pool.ts';
import type { ModeNotices } from './mode-notices.ts';
import { parsePodEni, wantsBranch, type PodEni } from './pod-eni.ts';
import type { NodePods, PodRef } from './pods.ts';
import { branchOfResult, cniResult } from './result.ts';
import type { EnforcingMode, Sandbox, SandboxStore } from './sandbox.ts';
import type { Wirer } from './wirer.ts';

/** What the verbs need. */
export interface HandlerDeps {
  readonly pods: NodePods;
  readonly fabric: Fabric;
  readonly pool: AddressPool;
  readonly store: SandboxStore;
  readonly wirer: Wirer;
  readonly network: Network;
  readonly hostNetns: string;
  readonly enforcingMode: EnforcingMode;
  readonly notices: Pick<ModeNotices, 'wired'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** A short wait for the annotation saves the kubelet a retry with back-off. */
const ANNOTATION_TIMEOUT_MS = 2_000;
/** Longest wait for the branch to reach the filter. */
const FABRIC_TIMEOUT_MS = 5_000;

/** ADD: wires the pod, and answers only when its groups are enforced (DESIGN: D8). */
export async function add(request: AgentRequest, deps: HandlerDeps): Promise<CniResult> {
  const ref = podRef(request);
  const known = deps.store.get(request.containerId, request.ifName);
  const pod = await deps.pods.find(ref);
  const target = wantsBranch(pod) ? await branchTarget(pod, deps) : await plainTarget(pod, deps);
  const sandbox: Sandbox = {
    containerId: request.containerId,
    ifName: request.ifName,
    netns: request.netns,
    namespace: ref.namespace,
    pod: ref.name,
    uid: pod.metadata.uid ?? '',
    ...hostEnd({ ref, target, request, mode: deps.enforcingMode }),
  };
  if (known) deps.log.warn('ADD repeated for a container', { containerId: request.containerId });
  const startedMs = deps.clock.monotonicMs();
  try {
    await deps.wirer.wire(sandbox, target.port);
  } catch (error) {
    throw new CniError('wiringFailed', `add cmd: failed to setup network: ${String(error)}`);
  } finally {
    deps.pool.release(target.address);
  }
  deps.notices.wired(sandbox);
  const wiringMs = deps.clock.monotonicMs() - startedMs;
  const { address } = sandbox;
  deps.log.info('Pod wired', { pod: `${ref.namespace}/${ref.name}`, address, wiringMs });
  return cniResult(sandbox, request.config.cniVersion);
}

/** DEL: removes what ADD made for this very container. Succeeds when there is nothing (left). */
export async function del(request: AgentRequest, deps: HandlerDeps): Promise<undefined> {
  const known = deps.store.get(request.containerId, request.ifName);
  if (known) {
    await deps.wirer.unwire(known);
    return;
  }
  // The record is lost: go by the runtime's copy of our result, unless a newer sandbox is there.
  const branch = branchOfResult(request.config.prevResult);
  if (!branch || request.netns === '') return;
  const taken = deps.store
    .list()
    .some((one) => one.vlanId === branch.vlanId || one.hostLink === branch.hostLink);
  if (!taken) await deps.wirer.unwireUnknown(branchTeardown(branch));
}

/** GC: removes sandboxes that the runtime no longer knows. */
export async function collect(request: AgentRequest, deps: HandlerDeps): Promise<undefined> {
  const valid = new Set(
    (request.config['cni.dev/valid-attachments'] ?? []).map(
      (one) => `${one.containerID}/${one.ifname}`,
    ),
  );
  const stale = deps.store.list().filter((one) => !valid.has(`${one.containerId}/${one.ifName}`));
  for (const one of stale) await deps.wirer.unwire(one);
}

/** STATUS: an ADD can succeed once the primary interface is up. */
export async function status(deps: HandlerDeps): Promise<undefined> {
  const primary = await deps.fabric.port('settled', (port) => port.device?.index === 0, 0);
  if (!primary)
    throw new CniError('notAvailable', 'the primary interface of this node is not set up yet');
}

function podRef({ args }: AgentRequest): PodRef {
  const { K8S_POD_NAMESPACE: namespace, K8S_POD_NAME: name, K8S_POD_UID: uid } = args;
  if (namespace === undefined || name === undefined)
    throw new CniError('invalidEnvironment', 'CNI_ARGS lacks K8S_POD_NAMESPACE or K8S_POD_NAME');
  return { namespace, name, uid: uid ?? '' };
}

interface Target {
  readonly address: string;
  readonly port: DesiredPort;
}

async function branchTarget(pod: Pod, deps: HandlerDeps): Promise<Target> {
  const annotated = await deps.pods.waitFor(
    pod,
    (one) => parsePodEni(one).ok,
    ANNOTATION_TIMEOUT_MS,
  );
  const eni = parsePodEni(annotated);
  if (!eni.ok) throw new CniError('tryAgainLater', NO_ADDRESS, eni.error);
  const port = await deps.fabric.port(
    'enforced',
    (one) => agrees(one, eni.value),
    FABRIC_TIMEOUT_MS,
  );
  if (port) return { address: eni.value.address, port };
  const details = `branch ${eni.value.eniId} is not on this node's trunk with the annotated values`;
  throw new CniError('tryAgainLater', NO_ADDRESS, details);
}

/** The annotation is only believed as far as the VPC agrees with it. */
function agrees(port: DesiredPort, eni: PodEni): boolean {
  return (
    port.eniId === eni.eniId &&
    port.branch?.vlanId === eni.vlanId &&
    port.mac === eni.mac &&
    port.addresses.includes(eni.address)
  );
}

async function plainTarget(pod: Pod, deps: HandlerDeps): Promise<Target> {
  await deps.pods.refuseUnprotected(pod);
  const target = await deps.pool.take();
  if (!target)
    throw new CniError('tryAgainLater', NO_ADDRESS, 'no free secondary address on this node');
  return target;
}

/** Pods have IPv4 addresses, so their interface must be in a subnet that has them. */
function gatewayOf({ eniId, ipv4 }: DesiredPort): string {
  if (ipv4 !== undefined) return ipv4.gateway;
  throw new CniError('refused', NO_ADDRESS, `interface ${eniId} is in an IPv6-only subnet`);
}

function hostEnd(options: {
  readonly ref: PodRef;
  readonly target: Target;
  readonly request: AgentRequest;
  readonly mode: EnforcingMode;
}): Pick<Sandbox, 'hostLink' | 'address' | 'gateway' | 'eniId' | 'vlanId' | 'mode'> {
  const { ref, target, request, mode } = options;
  const { address, port } = target;
  const suffix = podSuffix(ref.namespace, ref.name);
  const plain = plainVeth(suffix, request.config.vethPrefix);
  const common = { address, gateway: gatewayOf(port), eniId: port.eniId };
  if (!port.branch) return { ...common, hostLink: plain };
  const hostLink = mode === 'strict' ? strictVeth(suffix) : plain;
  return { ...common, hostLink, vlanId: port.branch.vlanId, mode };
}
