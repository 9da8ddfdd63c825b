import { invalidValue, required, type FieldProblem } from '../status.ts';

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const QUALIFIED = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;

const SUBDOMAIN_TEXT =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', " +
  "and must start and end with an alphanumeric character (e.g. 'example.com', regex used for " +
  "validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL_TEXT =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must " +
  "start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for " +
  "validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const LABEL_VALUE_TEXT =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', " +
  "and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or " +
  "'12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const QUALIFIED_TEXT =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with " +
  "an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for " +
  "validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

/** Problems of a name that must be a DNS subdomain: most object names. */
export function subdomainProblems(name: string, path: string): FieldProblem[] {
  if (name.length > 253) {
    return [invalidValue(path, name, 'must be no more than 253 characters')];
  }
  return SUBDOMAIN.test(name) ? [] : [invalidValue(path, name, SUBDOMAIN_TEXT)];
}

/** Problems of a name that must be a DNS label: namespaces, services, containers. */
export function labelProblems(name: string, path: string): FieldProblem[] {
  if (name.length > 63) return [invalidValue(path, name, 'must be no more than 63 characters')];
  return LABEL.test(name) ? [] : [invalidValue(path, name, LABEL_TEXT)];
}

/** Problems of the keys and values of labels. */
export function labelMapProblems(
  labels: Readonly<Record<string, unknown>> | undefined,
  path: string,
): FieldProblem[] {
  return Object.entries(labels ?? {}).flatMap(([key, value]) => [
    ...labelKeyProblems(key, path),
    ...labelValueProblems(value, path),
  ]);
}

/** Problems of a label's or annotation's key: `[prefix/]name`. */
export function labelKeyProblems(key: string, path: string): FieldProblem[] {
  const parts = key.split('/');
  const name = parts.at(-1) ?? '';
  if (parts.length > 2) {
    return [invalidValue(path, key, 'a qualified name must have at most one "/"')];
  }
  if (name === '') return [invalidValue(path, key, 'name part must be non-empty')];
  if (name.length > 63) {
    return [invalidValue(path, key, 'name part must be no more than 63 characters')];
  }
  if (!QUALIFIED.test(name)) return [invalidValue(path, key, QUALIFIED_TEXT)];
  if (parts.length === 2 && !SUBDOMAIN.test(parts[0] ?? '')) {
    return [invalidValue(path, key, `prefix part ${SUBDOMAIN_TEXT}`)];
  }
  return [];
}

/** Problems of a label's value. */
export function labelValueProblems(value: unknown, path: string): FieldProblem[] {
  const text = String(value);
  if (text.length > 63) return [invalidValue(path, text, 'must be no more than 63 characters')];
  if (text === '' || QUALIFIED.test(text)) return [];
  return [invalidValue(path, text, LABEL_VALUE_TEXT)];
}

/** Problems of a required name of a part, such as a container. */
export function partNameProblems(name: unknown, path: string): FieldProblem[] {
  if (typeof name !== 'string' || name === '') return [required(path)];
  return labelProblems(name, path);
}
