import type { Model, Shape, StructShape } from '../../src/ec2/codec/model.ts';
import type { BotoModel, BotoShape } from './botocore.ts';

type Structure = Extract<BotoShape, { type: 'structure' }>;

/** Types of botocore that are one type to us. */
const KINDS: Readonly<Record<BotoShape['type'], string>> = {
  structure: 'struct',
  list: 'list',
  map: 'map',
  string: 'string',
  integer: 'number',
  long: 'number',
  float: 'number',
  double: 'number',
  boolean: 'boolean',
  timestamp: 'timestamp',
  blob: 'blob',
};

/** All differences between the actions, members, types and required members of two models, sorted. */
export function modelDifferences(boto: BotoModel, model: Model): string[] {
  const found = new Set<string>();
  const compared = new Set<string>();

  const compare = (path: string, theirs: string | null, ours: Shape | undefined): void => {
    const shape = theirs === null ? undefined : boto.shapes[theirs]!;
    const kinds = [shape && KINDS[shape.type], kindOf(ours)];
    if (kinds[0] !== kinds[1]) found.add(`${path}: ${kinds[0]} in botocore, ${kinds[1]} here`);
    else if (shape !== undefined && typeof ours === 'object') descend(theirs ?? '', shape, ours);
  };

  const descend = (name: string, theirs: BotoShape, ours: Exclude<Shape, string>): void => {
    const pair = `${name} ${ours.kind} ${ours.name}`;
    if (compared.has(pair)) return;
    compared.add(pair);
    if (theirs.type === 'structure' && ours.kind === 'struct') compareMembers(theirs, ours);
    else if (theirs.type === 'list' && ours.kind === 'list')
      compare(`${name}[]`, theirs.item, ours.item());
    else if (theirs.type === 'map' && ours.kind === 'map')
      compare(`${name}{}`, theirs.value, ours.value());
  };

  const compareMembers = (theirs: Structure, ours: StructShape): void => {
    for (const member of new Set([...Object.keys(theirs.members), ...ours.byName.keys()])) {
      const type = theirs.members[member] ?? null;
      const own = ours.byName.get(member);
      compare(`${ours.name}.${member}`, type, own?.shape());
      const required = theirs.required.includes(member);
      if (type !== null && own !== undefined && required !== own.required)
        found.add(`${ours.name}.${member}: required ${required ? 'by botocore' : 'here'} only`);
    }
  };

  for (const name of new Set([...Object.keys(boto.operations), ...model.actionNames])) {
    const theirs = boto.operations[name] ?? { input: null, output: null };
    const ours = model.action(name);
    compare(`${name} input`, theirs.input, ours?.input);
    compare(`${name} output`, theirs.output, ours?.output);
  }
  return [...found].sort();
}

function kindOf(shape: Shape | undefined): string | undefined {
  return typeof shape === 'object' ? shape.kind : shape;
}
