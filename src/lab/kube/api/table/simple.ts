import { at, fieldsOf, isFields, listOf, textAt } from '../../../../base/json.ts';
import type { ApiObject } from '../object.ts';
import { AGE_COLUMN, count, NAME_COLUMN, text, wide, type Column } from './column.ts';
import { mapText } from './workload.ts';

/** Columns of the kinds that need only a few lines each. */
export const SIMPLE_COLUMNS: Readonly<Record<string, readonly Column[]>> = {
  namespaces: [
    NAME_COLUMN,
    text('Status', (object) => textAt(object, 'status', 'phase')),
    AGE_COLUMN,
  ],
  serviceaccounts: [
    NAME_COLUMN,
    count('Secrets', (object) => listOf(object['secrets']).length),
    AGE_COLUMN,
  ],
  configmaps: [
    NAME_COLUMN,
    count('Data', (object) => size(object['data']) + size(object['binaryData'])),
    AGE_COLUMN,
  ],
  secrets: [
    NAME_COLUMN,
    text('Type', (object) => textAt(object, 'type')),
    count('Data', (object) => size(object['data'])),
    AGE_COLUMN,
  ],
  services: [
    NAME_COLUMN,
    text('Type', (object) => textAt(object, 'spec', 'type')),
    text('Cluster-IP', (object) => textAt(object, 'spec', 'clusterIP') || '<none>'),
    text('External-IP', externalText),
    text('Port(s)', portsText),
    AGE_COLUMN,
    wide('Selector', (object) => mapText(at(object, 'spec', 'selector'))),
  ],
  endpoints: [NAME_COLUMN, text('Endpoints', endpointsText), AGE_COLUMN],
  'endpointslices.discovery.k8s.io': [
    NAME_COLUMN,
    text('AddressType', (object) => textAt(object, 'addressType')),
    text('Ports', (object) => listText(object['ports'], (port) => textAt(port, 'port'))),
    text('Endpoints', (object) =>
      listText(object['endpoints'], (each) => listOf(at(each, 'addresses')).join(',')),
    ),
    AGE_COLUMN,
  ],
  'leases.coordination.k8s.io': [
    NAME_COLUMN,
    text('Holder', (object) => textAt(object, 'spec', 'holderIdentity')),
    AGE_COLUMN,
  ],
  'customresourcedefinitions.apiextensions.k8s.io': [
    NAME_COLUMN,
    {
      ...text('Created At', ({ metadata }) => metadata.creationTimestamp),
      type: 'date',
    },
  ],
  'mutatingwebhookconfigurations.admissionregistration.k8s.io': webhooks(),
  'validatingwebhookconfigurations.admissionregistration.k8s.io': webhooks(),
};

function webhooks(): readonly Column[] {
  return [
    NAME_COLUMN,
    count('Webhooks', (object) => listOf(object['webhooks']).length),
    AGE_COLUMN,
  ];
}

function size(map: unknown): number {
  return Object.keys(fieldsOf(map)).length;
}

function listText(list: unknown, each: (item: unknown) => string): string {
  const texts = listOf(list)
    .map(each)
    .filter((item) => item !== '');
  if (texts.length === 0) return '<unset>';
  const more = texts.length - SHOWN_ITEMS;
  const shown = texts.slice(0, SHOWN_ITEMS).join(',');
  return more > 0 ? `${shown} + ${more} more...` : shown;
}

const SHOWN_ITEMS = 3;

function externalText(service: ApiObject): string {
  const addresses = listOf(at(service, 'spec', 'externalIPs')).map(String);
  if (textAt(service, 'spec', 'type') === 'ExternalName') {
    return textAt(service, 'spec', 'externalName');
  }
  const ingress = listOf(at(service, 'status', 'loadBalancer', 'ingress')).map(
    (each) => textAt(each, 'hostname') || textAt(each, 'ip'),
  );
  const all = [...ingress, ...addresses];
  if (all.length > 0) return all.join(',');
  return textAt(service, 'spec', 'type') === 'LoadBalancer' ? '<pending>' : '<none>';
}

function portsText(service: ApiObject): string {
  const texts = listOf(at(service, 'spec', 'ports'))
    .filter(isFields)
    .map((port) => {
      const node = port['nodePort'] ? `:${textAt(port, 'nodePort')}` : '';
      return `${textAt(port, 'port')}${node}/${textAt(port, 'protocol')}`;
    });
  return texts.length === 0 ? '<none>' : texts.join(',');
}

function endpointsText(endpoints: ApiObject): string {
  const texts = listOf(endpoints['subsets']).flatMap((subset) => {
    const ports = listOf(at(subset, 'ports')).map((port) => `:${textAt(port, 'port')}`);
    return listOf(at(subset, 'addresses')).flatMap((address) =>
      (ports.length === 0 ? [''] : ports).map((port) => textAt(address, 'ip') + port),
    );
  });
  if (texts.length === 0) return '<none>';
  const more = texts.length - SHOWN_ITEMS;
  return texts.slice(0, SHOWN_ITEMS).join(',') + (more > 0 ? ` + ${more} more...` : '');
}
