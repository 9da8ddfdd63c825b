import { expect, test } from 'vitest';
import { createFakeKube } from '../api/client.fake.ts';
import { IAM_INSTANCE_PROFILES } from '../api/iam/instance-profile.ts';
import { IAM_ROLES } from '../api/iam/role.ts';
import { INTERNET_GATEWAYS } from '../api/vpc/internet-gateway.ts';
import { SUBNETS } from '../api/vpc/subnet.ts';
import { VPCS } from '../api/vpc/vpc.ts';
import { startTestApi } from './testing.fake.ts';
import { REGIONS, zonesOf } from './zones.ts';

test('default VPCs are seeded once per account and region, the home region too', async () => {
  const kube = createFakeKube();
  const wanted = ['111122223333', '444455556666'].flatMap((account) =>
    ['eu-south-7', ...REGIONS].map((region) => `${account}/${region}`),
  );
  const zones = 2 * ['eu-south-7', ...REGIONS].flatMap((region) => zonesOf(region)).length;
  for (let start = 0; start < 2; start++) {
    const more = { seeds: ['default-vpcs'], region: 'eu-south-7' } as const;
    const api = await startTestApi({ kube, more });
    const places = kube.peekAll(VPCS).map(({ spec }) => `${spec.account}/${spec.region}`);
    expect(new Set(places)).toEqual(new Set(wanted));
    expect(places).toHaveLength(wanted.length);
    expect(kube.peekAll(SUBNETS)).toHaveLength(zones);
    expect(kube.peekAll(INTERNET_GATEWAYS)).toHaveLength(wanted.length);
    await api.close();
  }
});

test('the role of nodes is seeded once per account, and left as its owner changed it', async () => {
  const kube = createFakeKube();
  const seed = async (): Promise<void> =>
    (await startTestApi({ kube, more: { seeds: ['node-role'] } })).close();
  await seed();
  const [role] = kube.peekAll(IAM_ROLES);
  if (role === undefined) throw new Error('There is no role');
  kube.seed(IAM_ROLES, { ...role, spec: { ...role.spec, attachedPolicies: [] } });
  await seed();
  const roles = kube.peekAll(IAM_ROLES).map(({ spec }) => [spec.account, spec.attachedPolicies]);
  expect(roles).toHaveLength(2);
  expect(roles).toContainEqual([role.spec.account, []]);
  expect(kube.peekAll(IAM_INSTANCE_PROFILES).map(({ spec }) => spec.roleName)).toEqual([
    'AmazonEKSNodeRole',
    'AmazonEKSNodeRole',
  ]);
});
