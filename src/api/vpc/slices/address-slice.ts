import type { CustomResource } from '../../custom-resource.ts';
import type { KubeObject } from '../../meta.ts';
import { resource, type Resource } from '../../resource.ts';
import type { FromSchema } from '../../schema.ts';
import { VPC_GROUP, VPC_VERSION } from '../group.ts';

const ENTRY = {
  type: 'object',
  required: ['id', 'class', 'addresses'],
  properties: {
    id: { type: 'string', description: 'Id of the interface.' },
    class: { type: 'integer', minimum: 0, description: 'Its groups: an index into `classes`.' },
    addresses: {
      type: 'array',
      description: 'Private addresses of both families and delegated prefixes, the primary first.',
      items: { type: 'string' },
    },
  },
} as const;

const SPEC = {
  type: 'object',
  required: ['instanceId', 'vpcId', 'classes', 'interfaces'],
  properties: {
    instanceId: { type: 'string' },
    vpcId: { type: 'string' },
    tunnelAddress: { type: 'string', description: 'Underlay IPv4 address of the VXLAN endpoint.' },
    tunnelMac: { type: 'string', description: 'MAC address of the VXLAN device.' },
    classes: {
      type: 'array',
      description: 'Sets of groups that interfaces of this host wear.',
      items: { type: 'array', items: { type: 'string' } },
    },
    interfaces: { type: 'array', items: ENTRY },
  },
} as const;

/**
 * What other hosts need to know of some interfaces of one host: which addresses they have, which
 * groups they wear and where they are reached. `metadata.name` is the instance's id and the number
 * of the part (`slice-of.ts`). Derived from interfaces and
 * instances by the writer of the VPC API (`vpc/distribution`); see docs/design/distribution.md.
 */
export interface AddressSlice extends KubeObject {
  readonly spec: FromSchema<typeof SPEC>;
}

/** The `addressslices` resource. */
export const ADDRESS_SLICES: Resource<AddressSlice> = resource<AddressSlice>({
  group: VPC_GROUP,
  version: VPC_VERSION,
  kind: 'AddressSlice',
  plural: 'addressslices',
  namespaced: false,
});

/** The CRD. */
export const ADDRESS_SLICE_CRD: CustomResource = {
  resource: ADDRESS_SLICES,
  singular: 'addressslice',
  categories: ['vpc-objects'],
  columns: [
    { name: 'Instance', type: 'string', jsonPath: '.spec.instanceId' },
    { name: 'Vpc', type: 'string', jsonPath: '.spec.vpcId' },
    { name: 'Tunnel', type: 'string', jsonPath: '.spec.tunnelAddress' },
  ],
  statusSubresource: false,
  schema: { type: 'object', required: ['spec'], properties: { spec: SPEC } },
};
