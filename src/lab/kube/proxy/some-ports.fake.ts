import * as fc from 'fast-check';
import { proxyPorts, type ProxyPort } from './service-ports.ts';
import { testService, testSlice } from './test-services.fake.ts';

const NAMES = ['a', 'b', 'c', 'd'];

/** Any few Services as node-1 serves them. */
export function somePorts(): fc.Arbitrary<readonly ProxyPort[]> {
  const endpoint = fc.record({
    address: fc.integer({ min: 1, max: 4 }).map((n) => `10.0.0.${n}`),
    node: fc.constantFrom('node-1', 'node-2'),
  });
  const policy = fc.constantFrom('Cluster' as const, 'Local' as const);
  const one = fc.record({
    udp: fc.boolean(),
    nodePort: fc.boolean(),
    internalTrafficPolicy: policy,
    externalTrafficPolicy: policy,
    affinitySeconds: fc.option(fc.constantFrom(1, 10)),
    endpoints: fc.array(endpoint, { maxLength: 3 }),
  });
  const many = fc.array(fc.option(one), { minLength: NAMES.length, maxLength: NAMES.length });
  return many.map((chosen) => {
    const present = chosen.flatMap((each, i) =>
      each ? [{ ...each, i, name: NAMES[i] ?? '' }] : [],
    );
    return proxyPorts({
      nodeName: 'node-1',
      services: present.map(({ name, i, udp, nodePort, affinitySeconds, ...policies }) =>
        testService(name, `10.100.0.${i + 1}`, {
          internalTrafficPolicy: policies.internalTrafficPolicy,
          externalTrafficPolicy: policies.externalTrafficPolicy,
          ports: [
            { port: 80, protocol: udp ? 'UDP' : 'TCP', ...(nodePort && { nodePort: 30_000 + i }) },
          ],
          ...(affinitySeconds !== null && {
            sessionAffinity: 'ClientIP',
            sessionAffinityConfig: { clientIP: { timeoutSeconds: affinitySeconds } },
          }),
        }),
      ),
      slices: present.map(({ name, udp, endpoints }) =>
        testSlice(name, { port: 8080, protocol: udp ? 'UDP' : 'TCP' }, endpoints),
      ),
    });
  });
}
