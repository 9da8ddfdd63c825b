import { isFields, ownField } from '../../../../base/json.ts';

/** One step of a path. */
type Step =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'all' }
  | { readonly kind: 'filter'; readonly path: readonly Step[]; readonly value: unknown };

const cache = new Map<string, readonly Step[]>();

/**
 * The values that a simple JSON path names: `.a.b`, `['a.b']`, `[0]`, `[*]` and
 * `[?(@.type=="Ready")]`, which is what CRD columns use. Nothing for other forms.
 */
export function findByPath(value: unknown, path: string): readonly unknown[] {
  let steps = cache.get(path);
  if (steps === undefined) cache.set(path, (steps = parse(path)));
  return walk(value, steps);
}

const TOKEN =
  /\.([A-Za-z0-9_$-]+|\*)|\[(\d+)\]|\[(\*)\]|\['([^']+)'\]|\["([^"]+)"\]|\[\?\(@([^=]+?)\s*==\s*([^)]+?)\s*\)\]/y;

function parse(path: string): readonly Step[] {
  // A dot inside a name is written `\.`; keep it out of the way of the dots between names.
  const text = path.replaceAll(String.raw`\.`, '$DOT$').replace(/^\{(.*)\}$/, '$1');
  const steps: Step[] = [];
  // Its own copy: the path of a filter is parsed in the middle of another path.
  const token = new RegExp(TOKEN);
  while (token.lastIndex < text.length) {
    const match = token.exec(text);
    if (match === null) return [{ kind: 'index', index: -1 }];
    steps.push(stepOf(match));
  }
  return steps;
}

function stepOf(match: RegExpExecArray): Step {
  const [, name, index, all, single, double, filterPath, filterValue] = match;
  if (index !== undefined) return { kind: 'index', index: Number(index) };
  if (all !== undefined || name === '*') return { kind: 'all' };
  if (filterPath !== undefined) {
    return { kind: 'filter', path: parse(filterPath), value: literal(filterValue ?? '') };
  }
  return { kind: 'field', name: (name ?? single ?? double ?? '').replaceAll('$DOT$', '.') };
}

function literal(text: string): unknown {
  const quoted = /^(['"])(.*)\1$/.exec(text);
  if (quoted) return quoted[2];
  if (text === 'true' || text === 'false') return text === 'true';
  return Number(text);
}

function walk(value: unknown, steps: readonly Step[]): readonly unknown[] {
  const [step, ...rest] = steps;
  if (step === undefined) return value === undefined ? [] : [value];
  return next(value, step).flatMap((each) => walk(each, rest));
}

function next(value: unknown, step: Step): readonly unknown[] {
  switch (step.kind) {
    case 'field':
      return isFields(value) ? [ownField(value, step.name)] : [];
    case 'index':
      return Array.isArray(value) ? [value[step.index]] : [];
    case 'all':
      return Array.isArray(value) ? value : isFields(value) ? Object.values(value) : [];
    case 'filter':
      return (Array.isArray(value) ? value : []).filter((each) =>
        walk(each, step.path).includes(step.value),
      );
  }
}
