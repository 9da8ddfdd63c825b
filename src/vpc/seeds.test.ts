import { expect, test } from 'vitest';
import { createFakeKube } from '../api/client.fake.ts';
import { INTERNET_GATEWAYS } from '../api/vpc/internet-gateway.ts';
import { SUBNETS } from '../api/vpc/subnet.ts';
import { VPCS } from '../api/vpc/vpc.ts';
import { startTestApi } from './testing.fake.ts';
import { REGIONS } from './zones.ts';

test('default VPCs are seeded once per account and region, the home region too', async () => {
  const kube = createFakeKube();
  const wanted = ['111122223333', '444455556666'].flatMap((account) =>
    ['eu-south-7', ...REGIONS].map((region) => `${account}/${region}`),
  );
  for (let start = 0; start < 2; start++) {
    const more = { seeds: ['default-vpcs'], region: 'eu-south-7' } as const;
    const api = await startTestApi({ kube, more });
    const places = kube.peekAll(VPCS).map(({ spec }) => `${spec.account}/${spec.region}`);
    expect(new Set(places)).toEqual(new Set(wanted));
    expect(places).toHaveLength(wanted.length);
    expect(kube.peekAll(SUBNETS)).toHaveLength(3 * wanted.length);
    expect(kube.peekAll(INTERNET_GATEWAYS)).toHaveLength(wanted.length);
    await api.close();
  }
});
