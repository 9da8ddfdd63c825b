import { isRecord, mapTexts } from './match.ts';

/** What differs between two clients that made the same calls in different regions. */
export interface Variants {
  readonly region: string;
  readonly client: string;
}

const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b/g, '<mac>'],
  [/\b([a-z]+(?:-[a-z]+)*)-[0-9a-f]{17}\b/g, '$1-<id>'],
  [/\b(A[KSR][A-Z]{2}|AIPA|ANPA|AIDA|AROA)[A-Z0-9]{12,}\b/g, '$1<id>'],
  [/\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b/g, '<uuid>'],
  [/\b(?:2|f)[0-9a-f]{3}:[0-9a-f:]+(?:\/\d+)?/g, '<ipv6>'],
  [/\b20\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00| GMT)?/g, '<time>'],
  [/\b[a-z]{3,5}\d-az(\d)\b/g, '<zone-id>$1'],
  [/(failure message: ).*/gs, '$1<sealed>'],
];

/** An answer in a form that is the same for all clients: no ids, times and order of lists. */
export function comparable(value: unknown, { region, client }: Variants): unknown {
  const text = (raw: string): string => {
    let out = raw.replaceAll(region, '<region>').replaceAll(client, '<client>');
    out = out.replace(/\bec2\.internal\b/g, '<region>.compute.internal');
    for (const [pattern, to] of PATTERNS) out = out.replace(pattern, to);
    return out;
  };
  return ordered(mapTexts(value, text));
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value))
    return value
      .map(ordered)
      .map((item) => ({ item, key: JSON.stringify(item) }))
      .toSorted((a, b) => (a.key < b.key ? -1 : 1))
      .map(({ item }) => item);
  if (!isRecord(value)) return value;
  const keys = Object.keys(value).toSorted();
  return Object.fromEntries(keys.map((key) => [key, member(key, value[key])]));
}

/** EKS counts seconds; the CLI shows them as they come. */
function member(key: string, value: unknown): unknown {
  if (typeof value === 'number' && key.endsWith('At')) return '<time>';
  return ordered(value);
}
