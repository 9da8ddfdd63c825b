import type { Fields } from '../../../../base/json.ts';
import { apiVersionOf, type Kind } from '../registry/kind.ts';
import { schemaName } from './components.ts';

const QUERY: Readonly<Record<string, string>> = {
  dryRun: 'All: check and answer, but store nothing.',
  fieldManager: 'Who makes the change.',
  fieldValidation: 'Ignore, Warn or Strict: what to do about unknown fields.',
};

/**
 * The operations of a kind that clients look up: kubectl reads from PATCH whether the server
 * validates fields and knows dry run, and which kinds of patches it takes.
 */
export function kindPaths(kind: Kind): Fields {
  const root = `/${kind.group === '' ? 'api' : 'apis'}/${apiVersionOf(kind)}`;
  const scope = kind.namespaced ? `${root}/namespaces/{namespace}` : root;
  const one = `${scope}/${kind.plural}/{name}`;
  const parameters = [
    pathParameter('name'),
    ...(kind.namespaced ? [pathParameter('namespace')] : []),
  ];
  return {
    [`${scope}/${kind.plural}`]: {
      get: operation(kind, 'list', {}),
      post: operation(kind, 'post', { parameters: writeParameters(), body: ['application/json'] }),
      parameters: parameters.slice(1),
    },
    [one]: {
      get: operation(kind, 'get', {}),
      put: operation(kind, 'put', { parameters: writeParameters(), body: ['application/json'] }),
      patch: operation(kind, 'patch', { parameters: writeParameters(), body: patchTypes(kind) }),
      delete: operation(kind, 'delete', { parameters: writeParameters().slice(0, 1) }),
      parameters,
    },
  };
}

function patchTypes(kind: Kind): string[] {
  return [
    'application/apply-patch+yaml',
    'application/json-patch+json',
    'application/merge-patch+json',
    ...(kind.custom === undefined ? ['application/strategic-merge-patch+json'] : []),
  ];
}

function pathParameter(name: string): Fields {
  return { name, in: 'path', required: true, schema: { type: 'string', uniqueItems: true } };
}

function writeParameters(): Fields[] {
  return Object.entries(QUERY).map(([name, description]) => ({
    name,
    in: 'query',
    description,
    schema: { type: 'string', uniqueItems: true },
  }));
}

function operation(
  kind: Kind,
  action: string,
  extra: { readonly parameters?: Fields[]; readonly body?: readonly string[] },
): Fields {
  const { group, version } = kind;
  const schema = { $ref: `#/components/schemas/${schemaName(kind)}` };
  return {
    operationId: `${action}${version}${kind.kind}`,
    ...(extra.parameters && { parameters: extra.parameters }),
    ...(extra.body && {
      requestBody: {
        content: Object.fromEntries(extra.body.map((type) => [type, { schema }])),
      },
    }),
    responses: { 200: { description: 'OK', content: { 'application/json': { schema } } } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group, version, kind: kind.kind },
  };
}
