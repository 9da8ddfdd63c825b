import type { ActionModel, Member, Model, Scalar, Shape, StructShape } from './model.ts';

/** A REST action and what its path says. */
export interface RestRoute {
  readonly action: ActionModel;
  /** Decoded. */
  readonly labels: Readonly<Record<string, string>>;
}

/** A REST request as it came. */
export interface RestRequest {
  readonly query: URLSearchParams;
  /** Parsed JSON; undefined when there was no body. */
  readonly body: unknown;
}

/** A decoded request; `problems` say which members are missing or of the wrong type. */
export interface DecodedRest {
  readonly input: Readonly<Record<string, unknown>>;
  readonly problems: readonly string[];
}

/** Finds the action of a method and a path; literal segments win over labels. */
export function createRestRouter(
  model: Model,
): (method: string, path: string) => RestRoute | undefined {
  const routes = model.actionNames
    .flatMap((name) => model.action(name) ?? [])
    .flatMap((action) =>
      action.http === undefined
        ? []
        : [{ action, method: action.http.method, segments: action.http.path.split('/') }],
    )
    .sort((a, b) => countLabels(a.segments) - countLabels(b.segments));
  return (method, path) => {
    const parts = path.replace(/(.)\/$/, '$1').split('/');
    for (const route of routes) {
      if (route.method !== method) continue;
      const labels = matchSegments(route.segments, parts);
      if (labels !== undefined) return { action: route.action, labels };
    }
    return undefined;
  };
}

function countLabels(segments: readonly string[]): number {
  return segments.filter(isLabel).length;
}

function isLabel(segment: string): boolean {
  return segment.startsWith('{');
}

function matchSegments(
  segments: readonly string[],
  parts: readonly string[],
): Record<string, string> | undefined {
  if (segments.length !== parts.length) return undefined;
  const labels: Record<string, string> = {};
  for (const [i, segment] of segments.entries()) {
    const part = parts[i] ?? '';
    if (!isLabel(segment)) {
      if (segment !== part) return undefined;
      continue;
    }
    const value = decodeSegment(part);
    if (value === undefined || value === '') return undefined;
    labels[segment.slice(1, -1)] = value;
  }
  return labels;
}

function decodeSegment(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** Gathers the input of an action from path, query and body. Members that it does not know go. */
export function decodeRest(route: RestRoute, { query, body }: RestRequest): DecodedRest {
  const problems: string[] = [];
  const shape = route.action.input;
  const fields = isObject(body) ? body : {};
  if (body !== undefined && !isObject(body)) problems.push('The body is not a JSON object');
  const input: Record<string, unknown> = {};
  for (const member of shape?.members ?? []) {
    const value = valueOf(member, { labels: route.labels, query, fields });
    if (value === undefined || value === null) {
      if (member.required) problems.push(`Missing required parameter: ${member.name}`);
    } else input[member.name] = read(member.shape(), value, { path: member.name, problems });
  }
  return { input, problems };
}

interface Source {
  readonly labels: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Labels and query parameters are texts; a list in the query is a parameter that repeats. */
function valueOf(member: Member, { labels, query, fields }: Source): unknown {
  const shape = member.shape();
  switch (member.location) {
    case 'label':
      return labels[member.wireName] ?? labels[member.name];
    case 'query': {
      const all = query.getAll(member.wireName);
      if (typeof shape !== 'string') return all.length > 0 ? all : undefined;
      return all[0] === undefined ? undefined : parseScalar(shape, all[0]);
    }
    case 'body':
      return fields[member.wireName] ?? fields[member.name];
  }
}

function parseScalar(type: Scalar, text: string): unknown {
  if (type === 'number') return text.trim() === '' ? text : Number(text);
  if (type === 'boolean') return text === 'true';
  return text;
}

interface Place {
  readonly path: string;
  readonly problems: string[];
}

function read(shape: Shape, value: unknown, place: Place): unknown {
  if (typeof shape === 'string') return readScalar(shape, value, place);
  if (shape.kind === 'list') {
    if (!Array.isArray(value)) return wrong(place, 'a list');
    return value.map((item, i) =>
      read(shape.item(), item, { ...place, path: `${place.path}[${i}]` }),
    );
  }
  if (!isObject(value)) return wrong(place, 'an object');
  const entries = Object.entries(value).filter(([, part]) => part !== null && part !== undefined);
  if (shape.kind === 'map')
    return Object.fromEntries(
      entries.map(([key, part]) => [
        key,
        read(shape.value(), part, { ...place, path: `${place.path}.${key}` }),
      ]),
    );
  return readStruct(shape, entries, place);
}

function readStruct(
  shape: StructShape,
  entries: readonly (readonly [string, unknown])[],
  place: Place,
): unknown {
  const known = entries.flatMap(([key, part]) => {
    const member = shape.byWireName.get(key) ?? shape.byName.get(key);
    if (member === undefined) return [];
    const inner = { ...place, path: `${place.path}.${key}` };
    return [[member.name, read(member.shape(), part, inner)] as const];
  });
  return Object.fromEntries(known);
}

function readScalar(type: Scalar, value: unknown, place: Place): unknown {
  if (type === 'timestamp' && typeof value === 'number') return new Date(value * 1000);
  const wanted = type === 'number' || type === 'boolean' ? type : 'string';
  if (typeof value === wanted && !Number.isNaN(value)) return value;
  return wrong(place, `a ${wanted}`);
}

function wrong({ path, problems }: Place, what: string): undefined {
  problems.push(`Parameter ${path} is not ${what}`);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The JSON text of a result: timestamps in seconds; `report` hears of members without a model. */
export function encodeRest(
  shape: StructShape | undefined,
  result: unknown,
  report: (path: string) => void,
): string {
  if (shape === undefined) return '{}';
  return JSON.stringify(write(shape, result ?? {}, { path: shape.name, report }));
}

interface Writing {
  readonly path: string;
  readonly report: (path: string) => void;
}

function write(shape: Shape, value: unknown, writing: Writing): unknown {
  if (value === undefined || value === null) return undefined;
  if (typeof shape === 'string')
    return shape === 'timestamp' ? (value as Date).getTime() / 1000 : value;
  if (shape.kind === 'list')
    return (value as readonly unknown[]).map((item) => write(shape.item(), item, writing));
  const entries = Object.entries(value);
  if (shape.kind === 'map')
    return Object.fromEntries(
      entries.map(([key, part]) => [key, write(shape.value(), part, writing)]),
    );
  const known = entries.flatMap(([name, part]) => {
    const member = shape.byName.get(name);
    const path = `${shape.name}.${name}`;
    if (member === undefined) {
      if (part !== undefined) writing.report(path);
      return [];
    }
    return [[member.wireName, write(member.shape(), part, { ...writing, path })] as const];
  });
  return Object.fromEntries(known);
}
