import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Service } from '../../api/core/service.ts';
import { testService, testSlice } from '../kube/proxy/test-services.fake.ts';
import { Answerer } from './answer.ts';
import { RECORD_TYPES, RESPONSE_CODES } from './message.ts';
import { zoneOf } from './zone.ts';

const WEB = 'web.default.svc.cluster.local';
const HOSTS = { 'rds.ec2.internal': '10.0.1.5' };
const HTTP = { ports: [{ name: 'http', port: 80 }] };

function ask(
  services: readonly Service[],
  slices: Parameters<typeof zoneOf>[0]['slices'] = [],
): (name: string, type?: keyof typeof RECORD_TYPES) => { code: number; found: readonly string[] } {
  const answerer = new Answerer(zoneOf({ services, slices, hosts: HOSTS }));
  return (name, type = 'A') => {
    const { code, records } = answerer.answer(name, RECORD_TYPES[type]);
    const found = records.map((record) =>
      record.type === 'A'
        ? record.address
        : record.type === 'SRV'
          ? `${record.port} ${record.target}`
          : record.target,
    );
    return { code, found };
  };
}

const { ok, noSuchName } = RESPONSE_CODES;

describe('names of Services', () => {
  test('are the cluster address, its ports, and the name of the address', () => {
    const get = ask([testService('web', '10.100.0.9', HTTP)]);
    expect(get(WEB)).toEqual({ code: ok, found: ['10.100.0.9'] });
    expect(get(`_http._tcp.${WEB}`, 'SRV')).toEqual({ code: ok, found: [`80 ${WEB}`] });
    expect(get('9.0.100.10.in-addr.arpa', 'PTR')).toEqual({ code: ok, found: [WEB] });
  });

  test('have no other records, which is not the same as no such name', () => {
    const get = ask([testService('web', '10.100.0.9', HTTP)]);
    expect(get(WEB, 'AAAA')).toEqual({ code: ok, found: [] });
    expect(get('svc.cluster.local')).toEqual({ code: ok, found: [] });
    expect(get(`_tcp.${WEB}`)).toEqual({ code: ok, found: [] });
    for (const name of [`x.${WEB}`, 'web.other.svc.cluster.local', 'web', 'example.com', ''])
      expect(get(name)).toEqual({ code: noSuchName, found: [] });
  });

  test('of headless ones are the ready endpoints, each with a name of its own', () => {
    const slice = testSlice('web', { name: 'http', port: 8080 }, [
      { address: '10.0.0.1' },
      { address: '10.0.0.2' },
      { address: '10.0.0.3', ready: false },
    ]);
    const get = ask([testService('web', 'None', HTTP)], [slice]);
    expect(get(WEB).found).toEqual(['10.0.0.1', '10.0.0.2']);
    expect(get(`10-0-0-2.${WEB}`).found).toEqual(['10.0.0.2']);
    expect(get(`10-0-0-3.${WEB}`).code).toBe(noSuchName);
    expect(get(`_http._tcp.${WEB}`, 'SRV').found).toEqual([
      `8080 10-0-0-1.${WEB}`,
      `8080 10-0-0-2.${WEB}`,
    ]);
    expect(get('1.0.0.10.in-addr.arpa', 'PTR').found).toEqual([`10-0-0-1.${WEB}`]);
  });

  test('of external ones are aliases, followed as far as they are known', () => {
    const external = (name: string, externalName: string): Service => ({
      metadata: { name, namespace: 'default' },
      spec: { type: 'ExternalName', externalName },
    });
    const get = ask([
      external('db', 'RDS.ec2.internal'),
      external('away', 'example.com'),
      external('loop', 'loop.default.svc.cluster.local'),
    ]);
    expect(get('db.default.svc.cluster.local').found).toEqual(['rds.ec2.internal', '10.0.1.5']);
    expect(get('away.default.svc.cluster.local')).toEqual({ code: ok, found: ['example.com'] });
    expect(get('loop.default.svc.cluster.local').found).toHaveLength(8);
  });
});

describe('other names', () => {
  test('are those of hosts, and of pods by their address', () => {
    const get = ask([]);
    expect(get('rds.ec2.internal').found).toEqual(['10.0.1.5']);
    expect(get('10-0-0-7.default.pod.cluster.local').found).toEqual(['10.0.0.7']);
    expect(get('10-0-0-256.default.pod.cluster.local').code).toBe(noSuchName);
    expect(get('constructor').code).toBe(noSuchName);
  });
});

test('a zone does not depend on the order of what it is made from', () => {
  const name = fc.constantFrom('a', 'b', 'c');
  const services = fc.uniqueArray(
    fc.tuple(name, fc.constantFrom('None', '10.100.0.1', '10.100.0.2')),
    { selector: ([each]) => each },
  );
  const slices = fc.uniqueArray(fc.tuple(name, fc.integer({ min: 1, max: 9 })), {
    selector: ([each]) => each,
  });
  fc.assert(
    fc.property(services, slices, (some, ends) => {
      const world = {
        services: some.map(([each, address]) => testService(each, address, HTTP)),
        slices: ends.map(([each, n]) =>
          testSlice(each, { name: 'http', port: 80 }, [{ address: `10.0.0.${n}` }]),
        ),
        hosts: HOSTS,
      };
      const turned = {
        ...world,
        services: world.services.toReversed(),
        slices: world.slices.toReversed(),
      };
      const sorted = (zone: ReturnType<typeof zoneOf>): unknown =>
        Object.entries(zone).map(([key, all]) => [key, new Set(all)]);
      expect(sorted(zoneOf(turned))).toEqual(sorted(zoneOf(world)));
    }),
  );
});
