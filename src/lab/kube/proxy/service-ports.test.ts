import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Service } from '../../../api/core/service.ts';
import { proxyPorts, type ProxyPort } from './service-ports.ts';
import { testService, testSlice, type TestEndpoint } from './test-services.fake.ts';

const HERE = 'node-1';
const TWO: readonly TestEndpoint[] = [
  { address: '10.0.0.1', node: HERE },
  { address: '10.0.0.2', node: 'node-2' },
];

function one(spec: Partial<NonNullable<Service['spec']>>, endpoints = TWO): ProxyPort | undefined {
  const slices = [testSlice('web', { port: 8080 }, endpoints)];
  const services = [testService('web', '10.100.0.9', spec)];
  return proxyPorts({ nodeName: HERE, services, slices })[0];
}

function addresses(destination: ProxyPort['cluster'] | undefined): readonly string[] | undefined {
  return destination?.endpoints.map(({ address }) => address);
}

describe('the ports of a node', () => {
  test('lead to the endpoints of the slices by the name of the port', () => {
    const services = [
      testService('web', '10.100.0.9', {
        ports: [
          { name: 'http', port: 80, nodePort: 30_080 },
          { name: 'dns', port: 53, protocol: 'UDP' },
        ],
      }),
    ];
    const slices = [
      testSlice('web', { name: 'http', port: 8080 }, [{ address: '10.0.0.1' }]),
      testSlice('web', { name: 'dns', port: 5353, protocol: 'UDP' }, [{ address: '10.0.0.2' }]),
      testSlice('other', { name: 'http', port: 1 }, [{ address: '10.0.0.3' }]),
    ];
    expect(proxyPorts({ nodeName: HERE, services, slices })).toMatchObject([
      {
        name: 'default/web/tcp/http',
        nodePort: 30_080,
        cluster: { endpoints: [{ address: '10.0.0.1', port: 8080 }] },
      },
      {
        name: 'default/web/udp/dns',
        nodePort: undefined,
        cluster: { endpoints: [{ address: '10.0.0.2', port: 5353 }] },
      },
    ]);
  });

  test.each(['None', '', undefined])('leave out a Service with the address %j', (clusterIP) => {
    const { metadata, spec } = testService('web', 'None');
    const service = { metadata, spec: { ...spec, ...(clusterIP !== undefined && { clusterIP }) } };
    if (clusterIP === undefined) Reflect.deleteProperty(service.spec, 'clusterIP');
    expect(proxyPorts({ nodeName: HERE, services: [service], slices: [] })).toEqual([]);
  });

  test('keep to the node itself where a policy says so, each kind of traffic by its own', () => {
    const port = one({ internalTrafficPolicy: 'Local', externalTrafficPolicy: 'Cluster' });
    expect(addresses(port?.internal)).toEqual(['10.0.0.1']);
    expect(addresses(port?.external)).toEqual(['10.0.0.1', '10.0.0.2']);
    const other = one({ externalTrafficPolicy: 'Local' });
    expect(addresses(other?.internal)).toEqual(['10.0.0.1', '10.0.0.2']);
    expect(addresses(other?.external)).toEqual(['10.0.0.1']);
    expect(addresses(other?.cluster)).toEqual(['10.0.0.1', '10.0.0.2']);
  });

  test('drop what other nodes could serve, and refuse what nobody can', () => {
    const away = [{ address: '10.0.0.2', node: 'node-2' }];
    expect(one({ externalTrafficPolicy: 'Local' }, away)?.external).toEqual({
      endpoints: [],
      otherwise: 'drop',
    });
    expect(one({ externalTrafficPolicy: 'Local' }, [])?.external.otherwise).toBe('reject');
    expect(one({}, [])?.internal).toEqual({ endpoints: [], otherwise: 'reject' });
  });

  test('use ending endpoints that still serve only when no other is left', () => {
    const ending = { address: '10.0.0.5', node: HERE, ready: false, terminating: true };
    expect(addresses(one({}, [...TWO, { ...ending, serving: true }])?.cluster)).toEqual([
      '10.0.0.1',
      '10.0.0.2',
    ]);
    expect(addresses(one({}, [{ ...ending, serving: true }])?.cluster)).toEqual(['10.0.0.5']);
    expect(addresses(one({}, [{ ...ending, serving: false }])?.cluster)).toEqual([]);
    const unready = { address: '10.0.0.6', ready: false };
    expect(addresses(one({}, [unready])?.cluster)).toEqual([]);
  });

  test('take endpoints without conditions for ready ones', () => {
    const slice = testSlice('web', { port: 8080 }, [{ address: '10.0.0.1' }]);
    const endpoints = slice.endpoints.map(({ addresses: all }) => ({ addresses: all }));
    const slices = [{ ...slice, endpoints }];
    const services = [testService('web', '10.100.0.9')];
    expect(addresses(proxyPorts({ nodeName: HERE, services, slices })[0]?.cluster)).toEqual([
      '10.0.0.1',
    ]);
  });

  test('know external addresses and how long a client stays', () => {
    const affinity = { sessionAffinity: 'ClientIP' } as const;
    expect(one({})?.affinitySeconds).toBeUndefined();
    expect(one(affinity)?.affinitySeconds).toBe(10_800);
    const config = { clientIP: { timeoutSeconds: 5 } };
    expect(one({ ...affinity, sessionAffinityConfig: config })?.affinitySeconds).toBe(5);
    const status = { loadBalancer: { ingress: [{ ip: '10.0.9.9' }, { hostname: 'lb' }] } };
    const service = {
      ...testService('web', '10.100.0.9', { externalIPs: ['198.51.100.1'] }),
      status,
    };
    const [port] = proxyPorts({ nodeName: HERE, services: [service], slices: [] });
    expect(port?.externalIps).toEqual(['198.51.100.1', '10.0.9.9']);
  });

  test('do not depend on the order of what they are made from', () => {
    const endpoint = fc.record({
      address: fc.integer({ min: 1, max: 9 }).map((n) => `10.0.0.${n}`),
      node: fc.constantFrom(HERE, 'node-2'),
      ready: fc.boolean(),
      serving: fc.boolean(),
      terminating: fc.boolean(),
    });
    const slices = fc
      .uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom(80, 81)), {
        selector: ([name, port]) => `${name}${port}`,
      })
      .chain((all) =>
        fc.tuple(
          ...all.map(([name, port]) =>
            fc.array(endpoint, { maxLength: 4 }).map((list) => testSlice(name, { port }, list)),
          ),
        ),
      );
    const services = ['a', 'b', 'c'].map((name, i) => testService(name, `10.100.0.${i + 1}`));
    fc.assert(
      fc.property(slices, (all) => {
        const straight = proxyPorts({ nodeName: HERE, services, slices: all });
        const turned = proxyPorts({
          nodeName: HERE,
          services: services.toReversed(),
          slices: all.toReversed(),
        });
        expect(turned).toEqual(straight);
        for (const port of straight)
          expect(new Set(addresses(port.cluster)).size).toBeLessThanOrEqual(
            port.cluster.endpoints.length,
          );
      }),
    );
  });
});
