import { err, ok, type Result } from '../../base/result.ts';

/** Dotted parameter names as a tree: `Filter.1.Name=x` is Filter -> 1 -> Name with a value. */
export interface ParamNode {
  value?: string;
  children?: Map<string, ParamNode>;
}

/** Most parameters in one request; AWS allows "some thousands". */
export const MAX_PARAMETERS = 5000;
const MAX_DEPTH = 20;
/** Characters that XML 1.0 cannot carry: they could never be read back, so they never get in. */
// oxlint-disable-next-line no-control-regex
const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

/** Reads `a=b&c=d` as sent in a body or a query string. The error is a text for the caller. */
export function parseParams(text: string): Result<ParamNode, string> {
  const root: ParamNode = {};
  const pairs = text.split('&').filter((pair) => pair !== '');
  if (pairs.length > MAX_PARAMETERS) return err(`More than ${MAX_PARAMETERS} parameters`);
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    const key = decodePart(at < 0 ? pair : pair.slice(0, at));
    const value = at < 0 ? '' : decodePart(pair.slice(at + 1));
    if (key === undefined || value === undefined) return err('The query string is malformed');
    const path = key.split('.');
    if (path.length > MAX_DEPTH) return err('The query string is malformed');
    nodeAt(root, path).value = value;
  }
  return ok(root);
}

/** The value of a top-level parameter. */
export function paramValue(root: ParamNode, name: string): string | undefined {
  return root.children?.get(name)?.value;
}

function nodeAt(root: ParamNode, path: readonly string[]): ParamNode {
  let node = root;
  for (const part of path) {
    node.children ??= new Map();
    let next = node.children.get(part);
    if (next === undefined) {
      next = {};
      node.children.set(part, next);
    }
    node = next;
  }
  return node;
}

const ESCAPED = /[%+]/;

function decodePart(text: string): string | undefined {
  try {
    const decoded = ESCAPED.test(text) ? decodeURIComponent(text.replaceAll('+', ' ')) : text;
    return NOT_XML.test(decoded) ? undefined : decoded;
  } catch {
    return undefined;
  }
}
