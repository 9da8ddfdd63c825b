type Tagged = { readonly spec: { readonly tags?: Readonly<Record<string, string>> } };

/** Index key of one address or delegated prefix of a VPC; they are unique per VPC. */
export function addressKey(vpcId: string, address: string): string {
  return `${vpcId}/${address}`;
}

/** Index key of a tag. */
export function tagKey(key: string, value: string): string {
  return `${key}=${value}`;
}

/** Index keys of an object's tags. */
export function tagKeys({ spec }: Tagged): readonly string[] {
  return Object.entries(spec.tags ?? {}).map(([key, value]) => tagKey(key, value));
}

/** The keys that are there. */
export function present(...keys: readonly (string | undefined)[]): readonly string[] {
  return keys.filter((key) => key !== undefined);
}
