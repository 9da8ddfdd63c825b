import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CNI_NODES } from '../api/cni-node.ts';
import { CONFIG_MAPS } from '../api/core/config-map.ts';
import { NODES } from '../api/core/node.ts';
import { PODS } from '../api/core/pod.ts';
import { KubeError } from '../api/kube-error.ts';
import { CLEANUP_FINALIZER, POD_ENI } from '../api/names.ts';
import { SECURITY_GROUP_POLICIES } from '../api/security-group-policy.ts';
import { Ec2Error } from '../ec2/error.ts';
import {
  BILLING,
  createControllerLab,
  NODE_GROUP,
  PAYMENTS,
  type ControllerLab,
} from './controller-lab.fake.ts';

const I1 = 'i-00000000000000001';
let lab: ControllerLab;

beforeEach(() => {
  lab = createControllerLab();
  lab.addNode('n1', I1);
});
afterEach(() => lab.stop());

function groupsOf(name: string): readonly string[] | undefined {
  return lab.ec2.interfaces.get(lab.branchesOf(name)[0]?.eniId ?? '')?.groups;
}

function trunks(): readonly string[] {
  return [...lab.ec2.interfaces.values()]
    .filter(({ type }) => type === 'trunk')
    .map(({ id }) => id);
}

function liveBranches(): number {
  return [...lab.ec2.interfaces.values()].filter(
    ({ description }) => description === 'aws-k8s-branch-eni',
  ).length;
}

describe('a node', () => {
  test('gets a trunk, capacity and a complete CNINode', async () => {
    await lab.start();
    const trunk = lab.ec2.interfaces.get(trunks()[0] ?? '');
    expect(trunk).toMatchObject({
      description: 'aws-k8s-trunk-eni',
      groups: [NODE_GROUP],
      tags: {
        'node.k8s.amazonaws.com/instance_id': I1,
        'eks:eni:owner': 'eks-vpc-resource-controller',
        'kubernetes.io/cluster/lab': 'owned',
      },
      attachment: { instanceId: I1, deviceIndex: 2, deleteOnTermination: true },
    });
    expect(lab.kube.peek(NODES, { name: 'n1' })?.status?.capacity).toEqual({ [POD_ENI]: '9' });
    expect(lab.kube.peek(CNI_NODES, { name: 'n1' })).toMatchObject({
      metadata: { labels: { 'kubernetes.io/os': 'linux' }, finalizers: [CLEANUP_FINALIZER] },
      spec: {
        tags: {
          'cluster.k8s.amazonaws.com/name': 'lab',
          'node.k8s.amazonaws.com/instance_id': I1,
        },
      },
    });
    expect(lab.events('n1')).toContain(
      'NodeTrunkInitiated: The node has trunk interface initialized successfully',
    );
  });

  test('is tried again when EC2 refuses the trunk, and says why', async () => {
    lab.ec2.beforeCall = ({ action }) => {
      if (action === 'attachNetworkInterface') throw new Ec2Error('UnauthorizedOperation', 'no');
    };
    await lab.start();
    expect(trunks()).toEqual([]);
    expect(lab.events('n1')).toContain(
      'TrunkENICreationFailed: Failed to create trunk interface: Error Code: UnauthorizedOperation: Please verify the cluster IAM role has AmazonEKSVPCResourceController policy',
    );
    lab.ec2.beforeCall = undefined;
    await lab.clock.advance(10_000);
    expect(trunks()).toHaveLength(1);
  });

  test('without the feature gets nothing', async () => {
    lab.kube.seed(CNI_NODES, { metadata: { name: 'n1' } });
    await lab.start();
    expect(trunks()).toEqual([]);
    expect(lab.kube.peek(NODES, { name: 'n1' })?.status?.capacity).toBeUndefined();
  });

  test('that loses the feature keeps the branches of its pods', async () => {
    lab.addPolicy('p', [PAYMENTS]);
    lab.addPod('a');
    await lab.start();
    await lab.kube.patch(
      CNI_NODES,
      { name: 'n1' },
      {
        type: 'merge',
        body: { spec: { features: [] } },
      },
    );
    await lab.clock.advance(300_000);
    expect(groupsOf('a')).toEqual([PAYMENTS]);
  });

  test('that is gone is cleaned up before its CNINode goes', async () => {
    lab.addPolicy('p', [PAYMENTS]);
    lab.addPod('a');
    await lab.start();
    lab.kube.drop(NODES, { name: 'n1' });
    lab.ec2.terminate(I1);
    await lab.kube.delete(CNI_NODES, { name: 'n1' });
    await lab.clock.advance(5_000);
    expect(lab.kube.peek(CNI_NODES, { name: 'n1' })).toBeDefined();
    lab.removePod('a');
    await lab.clock.advance(180_000);
    expect(lab.kube.peek(CNI_NODES, { name: 'n1' })).toBeUndefined();
    expect(lab.ec2.interfaces.size).toBe(0);
  });

  test('whose agent made the CNINode a moment before us loses no time', async () => {
    await lab.start();
    lab.kube.beforeCall = ({ verb, resource }) => {
      if (verb !== 'create' || resource !== 'cninodes') return;
      lab.kube.beforeCall = undefined;
      const features = [{ name: 'SecurityGroupsForPods', value: '' }];
      lab.kube.seed(CNI_NODES, { metadata: { name: 'n2' }, spec: { features } });
    };
    const instance = { id: 'i-00000000000000002', type: 'm5.large', groups: [NODE_GROUP] };
    lab.ec2.addInstance(instance);
    lab.kube.seed(NODES, {
      metadata: { name: 'n2', labels: { 'kubernetes.io/os': 'linux' } },
      spec: { providerID: `aws:///us-east-1a/${instance.id}` },
    });
    await lab.clock.advance(500);
    expect(lab.kube.peek(NODES, { name: 'n2' })?.status?.capacity).toEqual({ [POD_ENI]: '9' });
  });

  test('gets its CNINode back, with its features, when somebody deletes it', async () => {
    await lab.start();
    await lab.kube.delete(CNI_NODES, { name: 'n1' });
    await lab.clock.settle();
    const back = lab.kube.peek(CNI_NODES, { name: 'n1' });
    expect(back?.metadata.deletionTimestamp).toBeUndefined();
    expect(back?.spec?.features).toEqual([{ name: 'SecurityGroupsForPods', value: '' }]);
  });
});

describe('a pod', () => {
  test('gets a branch with its groups, the annotation and the events', async () => {
    lab.addPolicy('p', [PAYMENTS, BILLING]);
    lab.addPod('a');
    await lab.start();
    const [branch] = lab.branchesOf('a');
    const stored = lab.ec2.interfaces.get(branch?.eniId ?? '');
    expect(stored).toMatchObject({
      type: 'branch',
      description: 'aws-k8s-branch-eni',
      groups: [PAYMENTS, BILLING],
      association: { trunkId: trunks()[0], vlanId: 1 },
      tags: {
        'vpcresources.k8s.aws/vlan-id': '1',
        'vpcresources.k8s.aws/trunk-eni-id': trunks()[0],
        'node.k8s.amazonaws.com/instance_id': I1,
        'eks:eni:owner': 'eks-vpc-resource-controller',
        'kubernetes.io/cluster/lab': 'owned',
      },
    });
    const annotation = `[{"eniId":"${stored?.id}","ifAddress":"${stored?.mac}","privateIp":"${stored?.privateIp}","ipv6Addr":"","vlanId":1,"subnetCidr":"10.0.0.0/24","subnetV6Cidr":"","associationID":"${stored?.association?.id}"}]`;
    expect(lab.pod('a')?.metadata.annotations?.[POD_ENI]).toBe(annotation);
    expect(lab.events('a')).toEqual([
      `SecurityGroupRequested: Pod will get the following Security Groups [${PAYMENTS} ${BILLING}]`,
      `ResourceAllocated: Allocated ${annotation} to the pod`,
    ]);
  });

  test('that asks for a branch and matches no policy gets the groups of the instance', async () => {
    lab.addPod('a');
    await lab.start();
    expect(groupsOf('a')).toEqual([NODE_GROUP]);
    expect(lab.events('a')[0]).toBe(
      "SecurityGroupRequested: Pod will get the instance security group as the pod didn't match any Security Group from SecurityGroupPolicy",
    );
  });

  test('with a group that EC2 does not know gets an event, nothing half done, and another try', async () => {
    const unknown = 'sg-0000000000000dead';
    lab.addPolicy('p', [unknown]);
    lab.addPod('a');
    await lab.start();
    expect(lab.events('a')).toContain(
      `BranchAllocationFailed: failed to allocate branch ENI to pod: InvalidGroup.NotFound: The security group '${unknown}' does not exist`,
    );
    expect(liveBranches()).toBe(0);
    lab.ec2.groups.add(unknown);
    await lab.clock.advance(130_000);
    expect(groupsOf('a')).toEqual([unknown]);
  });

  test('gets as many branches as it asks for', async () => {
    lab.addPod('a', { units: 3 });
    await lab.start();
    expect(lab.branchesOf('a').map(({ vlanId }) => vlanId)).toEqual([1, 2, 3]);
  });

  test('that finds no room says so and gets its branch when one is free', async () => {
    for (let index = 1; index <= 10; index += 1) lab.addPod(`p${index}`);
    await lab.start();
    const waiting = Array.from({ length: 10 }, (_, index) => `p${index + 1}`).filter(
      (name) => lab.branchesOf(name).length === 0,
    );
    expect(waiting).toHaveLength(1);
    expect(lab.events(waiting[0] ?? '').join()).toContain('BranchAllocationWaiting');
    lab.removePod(waiting[0] === 'p1' ? 'p2' : 'p1');
    await lab.clock.advance(59_000);
    expect(lab.branchesOf(waiting[0] ?? '')).toEqual([]);
    await lab.clock.advance(2_000);
    expect(lab.branchesOf(waiting[0] ?? '')).toHaveLength(1);
  });
});

describe('release', () => {
  test.each(['Succeeded', 'Failed'] as const)(
    'of a pod that is %s starts its cool-down',
    async (phase) => {
      lab.addPod('a');
      await lab.start();
      await lab.kube.patch(
        PODS,
        { name: 'a', namespace: 'shop' },
        {
          type: 'merge',
          body: { status: { phase } },
          subresource: 'status',
        },
      );
      await lab.clock.advance(59_000);
      expect(liveBranches()).toBe(1);
      await lab.clock.advance(2_000);
      expect(liveBranches()).toBe(0);
    },
  );

  test('waits for the object, not for its deletion time stamp', async () => {
    lab.addPod('a');
    await lab.start();
    await lab.kube.delete(PODS, { name: 'a', namespace: 'shop' });
    await lab.clock.advance(120_000);
    expect(liveBranches()).toBe(1);
    lab.removePod('a');
    await lab.clock.advance(61_000);
    expect(liveBranches()).toBe(0);
  });

  test('gives VLAN ids out in turn, not the lowest free one', async () => {
    lab.addPod('a');
    await lab.start();
    lab.removePod('a');
    await lab.clock.advance(61_000);
    lab.addPod('b');
    await lab.clock.settle();
    expect(lab.branchesOf('b')[0]?.vlanId).toBe(2);
  });

  test('keeps the VLAN id while EC2 does not delete the interface, and goes on trying', async () => {
    lab.addPod('a');
    await lab.start();
    lab.ec2.beforeCall = ({ action }) => {
      if (action === 'deleteNetworkInterface') throw new Ec2Error('InternalError', 'later');
    };
    lab.removePod('a');
    await lab.clock.advance(600_000);
    expect(liveBranches()).toBe(1);
    lab.ec2.beforeCall = undefined;
    await lab.clock.advance(31_000);
    expect(liveBranches()).toBe(0);
  });

  test('follows the ConfigMap, not below the minimum, and back to the default without the key', async () => {
    await lab.start();
    const key = { name: 'amazon-vpc-cni', namespace: 'kube-system' };
    const change = { type: 'Normal', reason: 'BranchENICoolDownPeriodUpdated' };
    lab.kube.seed(CONFIG_MAPS, { metadata: key, data: { 'branch-eni-cooldown': '90' } });
    await lab.clock.settle();
    lab.kube.seed(CONFIG_MAPS, { metadata: key, data: { 'branch-eni-cooldown': '5' } });
    await lab.clock.settle();
    lab.kube.seed(CONFIG_MAPS, { metadata: key });
    await lab.clock.settle();
    const text = 'Branch ENI cool down period has been updated to';
    const events = lab.events('n1').filter((event) => event.startsWith(change.reason));
    expect(events).toEqual(['1m30s', '30s', '1m0s'].map((d) => `${change.reason}: ${text} ${d}`));
  });
});

describe('live updates', () => {
  test('a new policy reaches a running pod in place', async () => {
    lab.addPolicy('p', [PAYMENTS]);
    lab.addPod('a');
    await lab.start();
    const before = lab.branchesOf('a')[0]?.eniId;
    lab.addPolicy('q', [BILLING]);
    await lab.clock.settle();
    expect(groupsOf('a')).toEqual([PAYMENTS, BILLING]);
    expect(lab.branchesOf('a')[0]?.eniId).toBe(before);
    expect(lab.events('a')).toContain(
      `SecurityGroupsUpdated: Pod has the following Security Groups now [${PAYMENTS} ${BILLING}]`,
    );
  });

  test('so does a change of its labels', async () => {
    lab.addPolicy('p', [PAYMENTS]);
    lab.addPod('a');
    await lab.start();
    const body = { metadata: { labels: { role: 'other' } } };
    await lab.kube.patch(PODS, { name: 'a', namespace: 'shop' }, { type: 'merge', body });
    await lab.clock.settle();
    expect(groupsOf('a')).toEqual([NODE_GROUP]);
  });

  test('a group that EC2 refuses leaves the pod with what it has, and an event', async () => {
    lab.addPolicy('p', [PAYMENTS]);
    lab.addPod('a');
    await lab.start();
    lab.addPolicy('p', ['sg-0000000000000dead']);
    await lab.clock.settle();
    expect(groupsOf('a')).toEqual([PAYMENTS]);
    expect(lab.events('a').join()).toContain('SecurityGroupsUpdateFailed');
  });

  test('can be switched off', async () => {
    lab.addPolicy('p', [PAYMENTS]);
    lab.addPod('a');
    await lab.start({ liveUpdates: false });
    lab.addPolicy('q', [BILLING]);
    await lab.clock.advance(60_000);
    expect(groupsOf('a')).toEqual([PAYMENTS]);
  });

  test('a policy that is deleted lets go', async () => {
    lab.addPolicy('p', [PAYMENTS]);
    lab.addPod('a');
    await lab.start();
    lab.kube.drop(SECURITY_GROUP_POLICIES, { name: 'p', namespace: 'shop' });
    await lab.clock.settle();
    expect(groupsOf('a')).toEqual([NODE_GROUP]);
  });
});

describe('a failed annotation', () => {
  test('that was in fact stored is found out, and the branch stays', async () => {
    lab.addPod('a');
    let failures = 1;
    lab.kube.afterCall = ({ verb, resource }) => {
      if (verb !== 'patch' || resource !== 'pods' || failures === 0) return;
      failures -= 1;
      throw new KubeError('Unreachable', 'connection lost', { status: 0 });
    };
    await lab.start();
    await lab.clock.advance(5_000);
    expect(lab.branchesOf('a')).toHaveLength(1);
    expect(liveBranches()).toBe(1);
    await lab.clock.advance(300_000);
    expect(liveBranches()).toBe(1);
  });

  test('that is refused takes the branch back at once', async () => {
    lab.addPod('a');
    let refusals = 1;
    lab.kube.beforeCall = ({ verb, resource }) => {
      if (verb !== 'patch' || resource !== 'pods' || refusals === 0) return;
      refusals -= 1;
      throw new KubeError('Forbidden', 'denied', { status: 403 });
    };
    await lab.start();
    expect(liveBranches()).toBe(0);
    expect(lab.events('a').join()).toContain(
      'BranchENIAnnotationFailed: failed to annotate pod with branch ENI details: denied',
    );
    await lab.clock.advance(10_000);
    expect(lab.branchesOf('a')).toHaveLength(1);
  });
});
