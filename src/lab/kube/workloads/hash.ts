import { fnv1a64 } from '../../../base/hash.ts';

/** Letters of pod-template-hash: no vowels and no look-alikes, as Kubernetes does it. */
const SAFE = 'bcdfghjklmnpqrstvwxz2456789';

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
