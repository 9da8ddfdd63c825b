import { expect, test } from 'vitest';
import { webhookConfigurations } from './configurations.ts';

const OPTIONS = { url: 'https://127.0.0.1:9443/', caPem: 'PEM' };

function summary(failurePolicy?: 'Fail' | 'Ignore'): readonly string[] {
  return webhookConfigurations({ ...OPTIONS, ...(failurePolicy && { failurePolicy }) }).flatMap(
    ({ metadata, webhooks }) =>
      webhooks.map(
        (webhook) =>
          `${metadata.name} ${String(webhook['name'])} ${String(webhook['failurePolicy'])}`,
      ),
  );
}

test('has the names of EKS and fails closed everywhere but in kube-system', () => {
  expect(summary()).toEqual([
    'vpc-resource-mutating-webhook mpod.vpc.k8s.aws Fail',
    'vpc-resource-mutating-webhook mpod-system.vpc.k8s.aws Ignore',
    'vpc-resource-validating-webhook vpod.vpc.k8s.aws Fail',
    'vpc-resource-validating-webhook vpod-system.vpc.k8s.aws Ignore',
    'vpc-resource-validating-webhook vnode.vpc.k8s.aws Fail',
    'vpc-resource-validating-webhook vsgp.vpc.k8s.aws Fail',
  ]);
});

test('can be as lenient as EKS', () => {
  expect(summary('Ignore').every((line) => line.endsWith(' Ignore'))).toBe(true);
});

test('asks each namespace exactly once per webhook', () => {
  const [mutating] = webhookConfigurations(OPTIONS);
  const selectors = mutating?.webhooks.map(({ namespaceSelector }) => namespaceSelector);
  const key = 'kubernetes.io/metadata.name';
  expect(selectors).toEqual([
    { matchExpressions: [{ key, operator: 'NotIn', values: ['kube-system'] }] },
    { matchExpressions: [{ key, operator: 'In', values: ['kube-system'] }] },
  ]);
});

test('points at the paths of the contract, with the CA', () => {
  const clients = webhookConfigurations(OPTIONS).flatMap(({ webhooks }) =>
    webhooks.map(({ clientConfig }) => clientConfig as { url: string; caBundle: string }),
  );
  expect(new Set(clients.map(({ url }) => new URL(url).pathname))).toEqual(
    new Set([
      '/mutate-v1-pod',
      '/validate-v1-pod',
      '/validate-v1-node',
      '/validate-security-group-policy',
    ]),
  );
  expect(clients.every(({ caBundle }) => atob(caBundle) === 'PEM')).toBe(true);
});
