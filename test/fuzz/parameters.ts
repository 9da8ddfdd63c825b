import type { Chance } from '../arbitrary/chance.ts';

/** Parameters by their names on the wire; lists become `.1`, `.2`, and undefined is left out. */
export type Parameters = Readonly<Record<string, unknown>>;

type Pair = readonly [name: string, value: string];

/** The pairs of a query string. */
export function pairsOf(value: unknown, name = ''): Pair[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value.flatMap((each, i) => pairsOf(each, `${name}.${i + 1}`));
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([key, each]) =>
      pairsOf(each, name === '' ? key : `${name}.${key}`),
    );
  return [[name, `${value as string | number | boolean}`]];
}

/** The body of a form. */
export function encodeForm(pairs: readonly Pair[]): string {
  return pairs
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('&');
}

/** Values that fit nothing. */
const JUNK = [
  '',
  'true',
  '-1',
  '0',
  '1',
  '99999999999999999999',
  '2147483648',
  '1.5',
  'NaN',
  '10.0.0.0/8',
  '0.0.0.0/0',
  '::/0',
  '10.0.0.300',
  '10.0.0.7',
  'fe80::1',
  'tcp',
  'all',
  '<a>&"\'</a>',
  '__proto__',
  'x'.repeat(300),
  'é漢🙂',
  ' ',
  '*',
  '?'.repeat(40),
  '2026-01-01T00:00:00Z',
] as const;

/** Breaks a request in one of the ways in which clients do, or leaves it. */
export function mutate(pairs: readonly Pair[], chance: Chance): readonly Pair[] {
  if (pairs.length === 0 || !chance.happens(0.15)) return pairs;
  const at = chance.below(pairs.length);
  const [name, value] = pairs[at]!;
  const others = pairs.filter((_, i) => i !== at);
  const junk = chance.pick(JUNK);
  const broken: readonly (readonly Pair[])[] = [
    [],
    [[name, junk]],
    [[name, junk]],
    [[`${name}.1`, value]],
    [[`${name}.99999999.${chance.pick(['Name', 'x', '0'])}`, value]],
    [[name.replace(/\.1\b/, '.0'), value]],
    [[name.replace(/\.1\b/, '.7'), value]],
    [[name.toLowerCase(), value]],
    [
      [name, value],
      [name, junk],
    ],
    [
      [name, value],
      [`${name}X`, junk],
    ],
  ];
  return [...others, ...chance.pick(broken)];
}
