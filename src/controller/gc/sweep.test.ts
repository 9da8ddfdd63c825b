import { afterEach, beforeEach, expect, test } from 'vitest';
import { createControllerLab, PAYMENTS, type ControllerLab } from '../controller-lab.fake.ts';

const I1 = 'i-00000000000000001';
const SWEEP_MS = 1_800_000;
let lab: ControllerLab;

beforeEach(async () => {
  lab = createControllerLab();
  lab.addNode('n1', I1);
  lab.addPolicy('p', [PAYMENTS]);
  lab.addPod('a');
  await lab.start();
});
afterEach(() => lab.stop());

async function loose(tags: Record<string, string>): Promise<string> {
  const list = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  const created = await lab.ec2.createNetworkInterface({
    SubnetId: 'subnet-00000000000000001',
    TagSpecifications: [{ ResourceType: 'network-interface', Tags: list }],
  });
  return created.NetworkInterface?.NetworkInterfaceId ?? '';
}

const OURS = {
  'eks:eni:owner': 'eks-vpc-resource-controller',
  'kubernetes.io/cluster/lab': 'owned',
};

test('an interface that nobody owns goes after two sweeps, not after one', async () => {
  const id = await loose(OURS);
  await lab.clock.advance(SWEEP_MS + 1_000);
  expect(lab.ec2.interfaces.has(id)).toBe(true);
  await lab.clock.advance(SWEEP_MS);
  expect(lab.ec2.interfaces.has(id)).toBe(false);
});

test.each([
  [
    'of the agent, this cluster',
    { 'eks:eni:owner': 'amazon-vpc-cni', 'cluster.k8s.amazonaws.com/name': 'lab' },
    false,
  ],
  [
    'of another cluster',
    { 'eks:eni:owner': 'eks-vpc-resource-controller', 'kubernetes.io/cluster/other': 'owned' },
    true,
  ],
  [
    'of the agent, another cluster',
    { 'eks:eni:owner': 'amazon-vpc-cni', 'cluster.k8s.amazonaws.com/name': 'other' },
    true,
  ],
  ['of somebody else', { 'kubernetes.io/cluster/lab': 'owned' }, true],
  ['without tags', {}, true],
])('one %s stays: %#', async (_, tags, stays) => {
  const id = await loose(tags);
  await lab.clock.advance(3 * SWEEP_MS);
  expect(lab.ec2.interfaces.has(id)).toBe(stays);
});

test('a branch that hangs on a trunk without an owner goes too', async () => {
  const trunk = [...lab.ec2.interfaces.values()].find(({ type }) => type === 'trunk');
  const id = await loose({
    ...OURS,
    'vpcresources.k8s.aws/trunk-eni-id': trunk?.id ?? '',
    'vpcresources.k8s.aws/vlan-id': '77',
  });
  const branch = { BranchInterfaceId: id, TrunkInterfaceId: trunk?.id, VlanId: 77 };
  await lab.ec2.associateTrunkInterface(branch);
  await lab.clock.advance(3 * SWEEP_MS);
  expect(lab.ec2.interfaces.has(id)).toBe(false);
  const [own] = lab.branchesOf('a');
  expect(lab.ec2.interfaces.has(own?.eniId ?? '')).toBe(true);
});
