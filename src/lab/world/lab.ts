import { NETWORK_ACLS } from '../../api/vpc/network-acl.ts';
import { NETWORK_INTERFACES } from '../../api/vpc/network-interface.ts';
import { PREFIX_LISTS } from '../../api/vpc/prefix-list.ts';
import { SECURITY_GROUPS } from '../../api/vpc/security-group.ts';
import { SUBNETS } from '../../api/vpc/subnet.ts';
import { VPC_PEERING_CONNECTIONS } from '../../api/vpc/vpc-peering-connection.ts';
import { VPCS } from '../../api/vpc/vpc.ts';
import { must } from '../../base/assert.ts';
import { worldFromObjects, type World } from '../../policy/world.ts';
import { startScheduler } from '../kube/scheduler/scheduler.ts';
import { startWorkloadControllers } from '../kube/workloads/start.ts';
import { startPostgres } from '../postgres/postgres.ts';
import type { LabRuntime } from '../launch/runtime.ts';
import type { DemoPod, CommandResult } from '../scenarios/two-pods/probe.ts';
import { labAccess } from './access.ts';
import { startZone } from './cluster-dns.ts';
import type { Component, Running } from './component.ts';
import { startControlPlane, type ControlPlane } from './control-plane.ts';
import { controllerComponents } from './controllers.ts';
import { KubeletDirectory, startFleet, type Fleet } from './fleet.ts';
import { runInPod } from './run-in-pod.ts';
import { seedVpc, type SeededVpc } from './seed-vpc.ts';

/** A lab that is up. */
export interface Lab {
  readonly plane: ControlPlane;
  readonly seeded: SeededVpc;
  readonly fleet: Fleet;
  /** Runs a command in a pod, as kubectl exec does. */
  readonly exec: (pod: DemoPod, command: readonly string[]) => Promise<CommandResult>;
  /** Groups and interfaces as the API has them now. */
  readonly world: () => World;
  close(): Promise<void>;
}

/** Brings everything up in the order in which it depends on one another. */
export async function startLab(runtime: LabRuntime): Promise<Lab> {
  const started: Running[] = [];
  const close = async (): Promise<void> => {
    for (const running of started.splice(0).reverse()) await running.close();
  };
  try {
    return { ...(await assemble(runtime, started)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function assemble(runtime: LabRuntime, started: Running[]): Promise<Omit<Lab, 'close'>> {
  const { clock, log } = runtime;
  const directory = new KubeletDirectory();
  const say = (text: string): void => runtime.report({ kind: 'step', text });

  say('Starting the Kubernetes API and the VPC API');
  const plane = await startControlPlane(runtime, (name) => directory.runtimeOf(name));
  started.push(plane);
  const { kube, informers } = plane;
  await runtime.publish(await labAccess(runtime, plane));

  say('Creating VPC, subnets, groups and instances');
  const seeded = await seedVpc(plane.sdk);

  say('Starting scheduler, workload controllers, controller and webhook');
  started.push(startWorkloadControllers({ kube, informers, clock, log }));
  started.push(startScheduler({ kube, informers, clock, log }));
  const components = controllerComponents(runtime, plane, seeded);
  for (const component of components) {
    await component.start();
    started.push({ close: () => component.stop() });
  }
  await runtime.serveControl({
    components: async () => components.map(({ name, running }) => ({ name, running })),
    stop: async (name) => find(components, name).stop(),
    start: async (name) => find(components, name).start(),
  });

  say('Starting two nodes and the database');
  const fleet = await startFleet({ runtime, plane, directory }, seeded.instances);
  started.push(fleet);
  for (const note of fleet.notes) runtime.report({ kind: 'note', text: note });
  started.push(await startDatabase(runtime, fleet));
  started.push(await startZone(runtime, plane, seeded));
  return {
    plane,
    seeded,
    fleet,
    exec: (pod, command) => runInPod({ kube, directory }, pod, command),
    world: worldReader(plane),
  };
}

function find(components: readonly Component[], name: string): Component {
  const found = components.find((component) => component.name === name);
  if (found) return found;
  const known = components.map((component) => component.name).join(', ');
  throw new Error(`No component is called '${name}'. Components: ${known}`);
}

function startDatabase(runtime: LabRuntime, fleet: Fleet): Promise<Running> {
  const host = must(
    fleet.hosts.find(({ instance }) => instance.name === 'rds'),
    () => 'The lab has no database host',
  );
  return startPostgres({
    hostNetns: host.host.hostNetns,
    stateDir: `${runtime.runDir}/rds`,
    log: runtime.log.child({ component: 'rds' }),
    port: 5432,
  });
}

function worldReader({ informers }: ControlPlane): () => World {
  const groups = informers.informer(SECURITY_GROUPS);
  const interfaces = informers.informer(NETWORK_INTERFACES);
  const subnets = informers.informer(SUBNETS);
  const vpcs = informers.informer(VPCS);
  const prefixLists = informers.informer(PREFIX_LISTS);
  const peerings = informers.informer(VPC_PEERING_CONNECTIONS);
  const networkAcls = informers.informer(NETWORK_ACLS);
  return () =>
    worldFromObjects({
      groups: groups.list(),
      interfaces: interfaces.list(),
      subnets: subnets.list(),
      vpcs: vpcs.list(),
      prefixLists: prefixLists.list(),
      peerings: peerings.list(),
      networkAcls: networkAcls.list(),
    });
}
