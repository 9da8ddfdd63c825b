import type { Call } from '../api.ts';
import { fieldsOf, isFields, type Fields } from '../../../../base/json.ts';
import type { ApiMeta, ApiObject } from '../object.ts';
import { apiVersionOf, type Kind } from '../registry/kind.ts';
import { builtinSchema } from '../schema/builtin.ts';
import { decodeBuiltin } from '../schema/decode.ts';
import { applyDefaults } from '../schema/default.ts';
import { prune } from '../schema/prune.ts';
import { badRequest } from '../status.ts';

/**
 * Turns a body into an object of the kind, in its served form: unknown fields are dropped, and
 * refused or reported as the call asks; defaults of custom resources are filled in.
 */
export function decodeObject(body: unknown, call: Call): ApiObject {
  const { kind } = call;
  if (!isFields(body)) throw badRequest('the body is not an object');
  checkKind(body, kind);
  const { value, unknown } =
    kind.custom === undefined ? decodeBuiltinObject(body, kind) : decodeCustom(body, kind);
  report(unknown, call);
  const object = value as ApiObject;
  object.apiVersion = apiVersionOf(kind);
  object.kind = kind.kind;
  const metadata = fieldsOf(object.metadata) as unknown as ApiMeta;
  object.metadata = { ...metadata, name: metadata.name ?? '' };
  return object;
}

function checkKind(body: Fields, kind: Kind): void {
  const wanted = apiVersionOf(kind);
  const { apiVersion = wanted, kind: kindName = kind.kind } = body;
  if (apiVersion !== wanted) {
    throw badRequest(
      `the API version in the data (${String(apiVersion)}) does not match the expected API ` +
        `version (${wanted})`,
    );
  }
  if (kindName !== kind.kind) {
    throw badRequest(
      `${String(kindName)} in version "${kind.version}" cannot be handled as a ${kind.kind}: no ` +
        `kind "${String(kindName)}" is registered for version "${wanted}"`,
    );
  }
}

interface Outcome {
  readonly value: unknown;
  readonly unknown: readonly string[];
}

function decodeBuiltinObject(body: Fields, kind: Kind): Outcome {
  return decodeBuiltin(body, kind.schema, kind.kind);
}

function decodeCustom(body: Fields, kind: Kind): Outcome {
  const { value, unknown } = prune(body, kind.schema);
  applyDefaults(value, kind.schema);
  const metadata = decodeBuiltin(
    value['metadata'] ?? {},
    builtinSchema('v1.ObjectMeta'),
    'ObjectMeta',
  );
  value['metadata'] = metadata.value;
  return { value, unknown: [...metadata.unknown.map((path) => `metadata.${path}`), ...unknown] };
}

function report(unknown: readonly string[], call: Call): void {
  if (unknown.length === 0 || call.fieldValidation === 'Ignore') return;
  const texts = unknown.map((path) => `unknown field "${path}"`);
  if (call.fieldValidation === 'Warn') {
    call.warnings.push(...texts);
    return;
  }
  const { kind, version } = call.kind;
  throw badRequest(
    `${kind} in version "${version}" cannot be handled as a ${kind}: strict decoding error: ` +
      texts.join(', '),
  );
}
