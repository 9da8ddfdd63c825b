const NAME = /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/;
const DNS_SUBDOMAIN = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;
const MAX_NAME = 63;
const MAX_PREFIX = 253;

/** What is wrong with a label key (`[prefix/]name`), or undefined. Rules: Kubernetes labels. */
export function labelKeyProblem(key: string): string | undefined {
  const parts = key.split('/');
  if (parts.length > 2) return `label key "${key}" has more than one slash`;
  const name = parts.at(-1) ?? '';
  const prefix = parts.length === 2 ? parts[0] : undefined;
  if (name === '' || name.length > MAX_NAME || !NAME.test(name)) {
    return `label key "${key}": the name must be 1 to ${MAX_NAME} letters, digits, "-", "_" or ".", and start and end with a letter or digit`;
  }
  if (prefix !== undefined && (prefix.length > MAX_PREFIX || !DNS_SUBDOMAIN.test(prefix))) {
    return `label key "${key}": the prefix must be a DNS name in lower case`;
  }
  return undefined;
}

/** What is wrong with a label value, or undefined. The empty value is valid. */
export function labelValueProblem(value: string): string | undefined {
  if (value === '' || (value.length <= MAX_NAME && NAME.test(value))) return undefined;
  return `label value "${value}" must be empty or 1 to ${MAX_NAME} letters, digits, "-", "_" or ".", and start and end with a letter or digit`;
}
