/** Letters of pod-template-hash: no vowels and no look-alikes, as Kubernetes does it. */
const SAFE = 'bcdfghjklmnpqrstvwxz2456789';
const FNV_OFFSET = 0xcbf29ce484222325n;
const FNV_PRIME = 0x100000001b3n;

/** 64-bit FNV-1a of the text's UTF-8 bytes. */
export function fnv1a64(text: string): bigint {
  let hash = FNV_OFFSET;
  for (const byte of new TextEncoder().encode(text))
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * FNV_PRIME);
  return hash;
}

/** JSON with sorted keys and without null fields: equal text for equal meaning. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(
      Object.entries(inner)
        .filter(([, field]) => field !== null && field !== undefined)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    );
  });
}

/** A short name-safe hash of any JSON value; `collisions` makes another one for the same value. */
export function safeHash(value: unknown, collisions = 0): string {
  let rest = fnv1a64(`${canonicalJson(value)}${collisions === 0 ? '' : `#${collisions}`}`);
  let text = '';
  for (let i = 0; i < 10; i++) {
    text += SAFE[Number(rest % BigInt(SAFE.length))];
    rest /= BigInt(SAFE.length);
  }
  return text;
}
