import { childOf, isFields, listOf, setDefault, textAt } from '../../../../base/json.ts';
import type { Behaviour } from '../registry/kind.ts';
import { forbiddenField, required } from '../status.ts';
import { immutableProblem } from './metadata.ts';

/** The label that every namespace has, for selectors. */
const NAME_LABEL = 'kubernetes.io/metadata.name';

/** Rules of Namespaces. The `kubernetes` finalizer is the namespace controller's. */
export const NAMESPACE: Behaviour = {
  defaults: (namespace) => {
    const { metadata } = namespace;
    metadata.labels = { ...metadata.labels, [NAME_LABEL]: metadata.name };
  },
  prepareCreate: (namespace) => {
    namespace['spec'] = { finalizers: ['kubernetes'] };
    namespace['status'] = { phase: 'Active' };
  },
  prepareUpdate: (namespace, before) => {
    namespace['spec'] = before['spec'];
  },
};

/** Rules of Nodes. */
export const NODE: Behaviour = {
  defaults: (node) => {
    childOf(node, 'spec');
  },
  prepareCreate: (node) => {
    // Unlike other kinds, a kubelet may register a node with its status.
    childOf(node, 'status');
  },
  validate: (node, before) => {
    const providerId = textAt(before, 'spec', 'providerID');
    if (providerId === '' || providerId === textAt(node, 'spec', 'providerID')) return [];
    return [
      forbiddenField(
        'spec.providerID',
        'node updates may not change providerID except from "" to valid',
      ),
    ];
  },
};

/** Rules of Endpoints and EndpointSlices: ports are TCP unless they say otherwise. */
export const ENDPOINT_SLICE: Behaviour = {
  defaults: (slice) => {
    for (const port of listOf(slice['ports']).filter(isFields)) {
      setDefault(port, 'protocol', 'TCP');
      setDefault(port, 'name', '');
    }
  },
  validate: (slice, before) => [
    ...(textAt(slice, 'addressType') === '' ? [required('addressType')] : []),
    ...(before ? immutableProblem('addressType', slice['addressType'], before['addressType']) : []),
  ],
};
