import { expect, test } from 'vitest';
import { podRequests } from './requests.ts';
import { quantityMilli } from './quantity.ts';

test.each([
  ['1', 1000],
  ['250m', 250],
  ['0.1', 100],
  ['1.5', 1500],
  ['1k', 1_000_000],
  ['2e3', 2_000_000],
  ['1Ki', 1_024_000],
  ['1Gi', 1_073_741_824_000],
  ['100n', 1],
  ['0', 0],
  ['', 0],
  ['lots', 0],
  ['1.2.3', 0],
])('quantity %j is %d thousandths', (text, milli) => {
  expect(quantityMilli(text)).toBe(milli);
});

test('a pod takes the sum of its containers, or its largest init container where that is more', () => {
  const ask = (cpu: string, memory: string) => ({
    name: 'c',
    resources: { requests: { cpu, memory } },
  });
  const requests = podRequests({
    spec: {
      containers: [ask('1', '1'), ask('500m', '2')],
      initContainers: [ask('1200m', '9'), ask('100m', '1')],
    },
  });
  expect(Object.fromEntries(requests)).toEqual({ cpu: 1500, memory: 9000 });
});
