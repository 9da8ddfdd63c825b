import { expect, test } from 'vitest';
import { errnoOf } from './network-ip-error.ts';

test.each([
  ['RTNETLINK answers: File exists', 'EEXIST'],
  ['Error: 8021q: VLAN device already exists.', 'EEXIST'],
  ['Error: ipv4: Address already assigned.', 'EEXIST'],
  ['Cannot find device "eth1"', 'ENODEV'],
  ['Error: Unknown device type.', 'EOPNOTSUPP'],
  ['RTNETLINK answers: Operation not permitted', 'EPERM'],
  ['what nobody has seen before', 'EIO'],
])('%s is %s', (stderr, code) => {
  expect(errnoOf(stderr)).toBe(code);
});
