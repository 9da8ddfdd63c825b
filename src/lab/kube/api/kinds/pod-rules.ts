import {
  clone,
  fieldsOf,
  isFields,
  listOf,
  sameJson,
  textAt,
  type Fields,
} from '../../../../base/json.ts';
import {
  duplicate,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
  type FieldProblem,
} from '../status.ts';
import { partNameProblems } from './name-rules.ts';

const RESTART_POLICIES = ['Always', 'OnFailure', 'Never'];
const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];

/** Problems of the spec of a pod or of a pod template; `path` is where the spec is. */
export function podSpecProblems(spec: Fields, path: string): FieldProblem[] {
  const containers = listOf(spec['containers']);
  const policy = textAt(spec, 'restartPolicy');
  return [
    ...(containers.length === 0 ? [required(`${path}.containers`)] : []),
    ...containerListProblems(spec, path),
    ...(policy !== '' && !RESTART_POLICIES.includes(policy)
      ? [notSupported(`${path}.restartPolicy`, policy, RESTART_POLICIES)]
      : []),
    ...volumeProblems(spec, path),
  ];
}

function containerListProblems(spec: Fields, path: string): FieldProblem[] {
  const seen = new Set<string>();
  const volumes = new Set(listOf(spec['volumes']).map((volume) => textAt(volume, 'name')));
  return ['containers', 'initContainers'].flatMap((list) =>
    listOf(spec[list]).flatMap((container, index) => {
      const at = `${path}.${list}[${index}]`;
      const name = textAt(container, 'name');
      const twice = name !== '' && seen.has(name) ? [duplicate(`${at}.name`, name)] : [];
      seen.add(name);
      return [...twice, ...containerProblems(fieldsOf(container), at, volumes)];
    }),
  );
}

function containerProblems(
  container: Fields,
  path: string,
  volumes: ReadonlySet<string>,
): FieldProblem[] {
  return [
    ...partNameProblems(container['name'], `${path}.name`),
    ...(textAt(container, 'image') === '' ? [required(`${path}.image`)] : []),
    ...portProblems(container, path),
    ...envProblems(container, path),
    ...listOf(container['volumeMounts']).flatMap((mount, index) =>
      mountProblems(mount, `${path}.volumeMounts[${index}]`, volumes),
    ),
    ...quantityProblems(container, path),
  ];
}

function portProblems(container: Fields, path: string): FieldProblem[] {
  return listOf(container['ports']).flatMap((port, index) => {
    const at = `${path}.ports[${index}]`;
    const { containerPort } = fieldsOf(port);
    const protocol = textAt(port, 'protocol');
    const number = containerPort === undefined ? 0 : Number(containerPort);
    const missing = containerPort === undefined ? [required(`${at}.containerPort`)] : [];
    const range =
      containerPort !== undefined && (number < 1 || number > 65_535)
        ? [invalidValue(`${at}.containerPort`, number, 'must be between 1 and 65535, inclusive')]
        : [];
    const unknown =
      protocol !== '' && !PROTOCOLS.includes(protocol)
        ? [notSupported(`${at}.protocol`, protocol, PROTOCOLS)]
        : [];
    return [...missing, ...range, ...unknown];
  });
}

function envProblems(container: Fields, path: string): FieldProblem[] {
  return listOf(container['env']).flatMap((variable, index) => {
    const at = `${path}.env[${index}]`;
    if (textAt(variable, 'name') === '') return [required(`${at}.name`)];
    const { value, valueFrom } = fieldsOf(variable);
    if (value === undefined || value === '' || valueFrom === undefined) return [];
    const detail = 'may not be specified when `value` is not empty';
    return [invalidValue(`${at}.valueFrom`, '', detail)];
  });
}

function mountProblems(mount: unknown, path: string, volumes: ReadonlySet<string>): FieldProblem[] {
  const name = textAt(mount, 'name');
  if (name === '') return [required(`${path}.name`)];
  if (textAt(mount, 'mountPath') === '') return [required(`${path}.mountPath`)];
  if (volumes.has(name)) return [];
  return [
    {
      path: `${path}.name`,
      reason: 'FieldValueInvalid',
      text: `Not found: ${JSON.stringify(name)}`,
    },
  ];
}

function volumeProblems(spec: Fields, path: string): FieldProblem[] {
  const seen = new Set<string>();
  return listOf(spec['volumes']).flatMap((volume, index) => {
    const at = `${path}.volumes[${index}].name`;
    const name = textAt(volume, 'name');
    const twice = seen.has(name) ? [duplicate(at, name)] : [];
    seen.add(name);
    return [...partNameProblems(fieldsOf(volume)['name'], at), ...twice];
  });
}

const QUANTITY = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+|[numkMGTPE]|[KMGTPE]i)?$/;
const QUANTITY_TEXT =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

function quantityProblems(container: Fields, path: string): FieldProblem[] {
  const resources = fieldsOf(container['resources']);
  const names = ['limits', 'requests'];
  const malformed = names.flatMap((list) =>
    Object.entries(fieldsOf(resources[list]))
      .filter(([, quantity]) => !QUANTITY.test(String(quantity)))
      .map(([name, quantity]) =>
        invalidValue(`${path}.resources.${list}[${name}]`, quantity, QUANTITY_TEXT),
      ),
  );
  const limits = fieldsOf(resources['limits']);
  const requests = fieldsOf(resources['requests']);
  // Extended resources cannot be overcommitted: request and limit must be equal.
  const unequal = Object.keys({ ...limits, ...requests })
    .filter((name) => name.includes('/') && requests[name] !== limits[name])
    .map((name) =>
      limits[name] === undefined
        ? required(`${path}.resources.limits`, `Limit must be set for non overcommitable resources`)
        : invalidValue(
            `${path}.resources.requests`,
            requests[name],
            `must be equal to ${name} limit of ${textAt(limits, name)}`,
          ),
    );
  return [...malformed, ...unequal];
}

const UPDATE_TEXT =
  'pod updates may not change fields other than `spec.containers[*].image`,' +
  '`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions ' +
  'to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it ' +
  'was previously negative)';

/** Problems of a change to the spec of an existing pod: nearly all of it is fixed. */
export function podUpdateProblems(spec: Fields, before: Fields): FieldProblem[] {
  if (listOf(spec['containers']).length !== listOf(before['containers']).length) {
    return [forbiddenField('spec.containers', 'pod updates may not add or remove containers')];
  }
  if (sameJson(fixedPart(spec), fixedPart(before))) return [];
  return [forbiddenField('spec', UPDATE_TEXT)];
}

function fixedPart(spec: Fields): Fields {
  const copy = clone(spec);
  delete copy['activeDeadlineSeconds'];
  delete copy['tolerations'];
  delete copy['schedulingGates'];
  delete copy['ephemeralContainers'];
  for (const list of ['containers', 'initContainers']) {
    for (const container of listOf(copy[list])) if (isFields(container)) delete container['image'];
  }
  return copy;
}
