import { smallObjects } from '../../test/arbitrary/small-world.ts';
import { createFakeKube, type FakeKube } from '../api/client.fake.ts';
import { PODS, type Pod } from '../api/core/pod.ts';
import { INSTANCES, type Instance } from '../api/vpc/instance.ts';
import { NETWORK_INTERFACES } from '../api/vpc/network-interface.ts';
import { SECURITY_GROUPS } from '../api/vpc/security-group.ts';

/** A cluster in memory: two pods `web`, one `lone`, a database that only `web` may ask. */
export function explainedCluster(): FakeKube {
  const kube = createFakeKube();
  const { groups, interfaces } = smallObjects(
    {
      'sg-web': ['out -1 * 0.0.0.0/0', 'out tcp 5432 sg-rds'],
      'sg-lone': ['out -1 * 0.0.0.0/0'],
      'sg-rds': ['in tcp 5432 sg-web', 'out -1 * 0.0.0.0/0'],
      'sg-six': ['out tcp 443 ::/0'],
    },
    {
      'eni-web': '10.0.1.6 sg-web',
      'eni-web2': '10.0.1.7 sg-web',
      'eni-lone': '10.0.1.8 sg-lone',
      'eni-rds': '10.0.2.9 sg-rds',
      'eni-six': 'fd00::6 sg-six',
    },
  );
  for (const group of groups) kube.seed(SECURITY_GROUPS, group);
  for (const item of interfaces) {
    const attachment = { instanceId: 'i-rds', deviceIndex: 0, networkCardIndex: 0 };
    const rest = { attachmentId: 'eni-attach-1', deleteOnTermination: true, attachTime: '-' };
    const isRds = item.metadata.name === 'eni-rds';
    kube.seed(NETWORK_INTERFACES, {
      ...item,
      spec: { ...item.spec, ...(isRds && { attachment: { ...attachment, ...rest } }) },
    });
  }
  for (const [name, ip] of Object.entries(POD_IPS)) kube.seed(PODS, podOf(name, ip));
  kube.seed(INSTANCES, instanceOf('i-rds', 'rds'));
  kube.seed(INSTANCES, instanceOf('i-bare', 'bare'));
  return kube;
}

const POD_IPS = { 'web-1': '10.0.1.6', 'web-2': '10.0.1.7', lone: '10.0.1.8', young: '' };

function podOf(name: string, podIP: string): Pod {
  return {
    metadata: { name, namespace: 'shop' },
    spec: { containers: [{ name: 'main' }] },
    ...(podIP !== '' && { status: { podIP, podIPs: [{ ip: podIP }] } }),
  };
}

function instanceOf(id: string, name: string): Instance {
  return {
    metadata: { name: id },
    spec: {
      account: '1',
      vpcId: 'vpc-1',
      subnetId: 'subnet-1',
      instanceType: 'm5.large',
      imageId: 'ami-1',
      state: 'running',
      launchTime: '-',
      tags: { Name: name },
    },
  };
}
