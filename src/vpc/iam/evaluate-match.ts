/** Facts about a request, by key in lower case. Some keys have many values, such as aws:TagKeys. */
export type Facts = Pick<ReadonlyMap<string, readonly string[]>, 'get'>;

const ANY = Symbol('*');
const ONE = Symbol('?');
/** A pattern after its variables have been replaced: characters, and the two wildcards. */
type Token = string | typeof ANY | typeof ONE;

/**
 * Whether the text matches a pattern with `*` and `?`. Variables such as `${aws:username}` are
 * replaced by facts first (when `facts` is given: documents of version 2012-10-17); what they stand
 * for is taken literally. A variable without a fact matches nothing.
 */
export function matches(pattern: string, text: string, facts?: Facts): boolean {
  if (pattern === '*') return true;
  if (isPlain(pattern, facts)) return pattern === text;
  const tokens = tokensOf(pattern, facts);
  return tokens !== undefined && matchTokens(tokens, text);
}

/** Whether a pattern only means itself. */
function isPlain(pattern: string, facts: Facts | undefined): boolean {
  if (facts !== undefined && pattern.includes('${')) return false;
  return !pattern.includes('*') && !pattern.includes('?');
}

/** The value with its variables replaced, wildcards being ordinary characters. */
export function literal(value: string, facts?: Facts): string | undefined {
  if (facts === undefined || !value.includes('${')) return value;
  return tokensOf(value, facts)
    ?.map((token) => (typeof token === 'string' ? token : (token.description ?? '')))
    .join('');
}

const VARIABLE = /(\$\{[^}]+\})/;

function tokensOf(pattern: string, facts: Facts | undefined): Token[] | undefined {
  if (facts === undefined || !pattern.includes('${')) return pattern.split('').map(tokenOf);
  const tokens: Token[] = [];
  // Every second part is a variable.
  for (const [i, part] of pattern.split(VARIABLE).entries()) {
    const value = i % 2 === 1 ? variableValue(part.slice(2, -1), facts) : part;
    if (value === undefined) return undefined;
    // By code units, as the text is walked.
    const units = value.split('');
    tokens.push(...(i % 2 === 1 ? units : units.map(tokenOf)));
  }
  return tokens;
}

function tokenOf(character: string): Token {
  if (character === '*') return ANY;
  return character === '?' ? ONE : character;
}

/** `${*}`, `${?}` and `${$}` are the characters themselves; `${key, 'x'}` has a default. */
function variableValue(inner: string, facts: Facts): string | undefined {
  if (inner === '*' || inner === '?' || inner === '$') return inner;
  const [key = '', fallback] = inner.split(/,\s*/, 2);
  const values = facts.get(key.trim().toLowerCase());
  if (values?.length === 1) return values[0];
  return fallback === undefined ? undefined : fallback.trim().replace(/^'(.*)'$/, '$1');
}

/** Goes back to the last `*` only, so the cost is at most text times pattern. */
function matchTokens(tokens: readonly Token[], text: string): boolean {
  let [t, p, star, resume] = [0, 0, -1, 0];
  while (t < text.length) {
    const token = tokens[p];
    if (token === ANY) {
      star = p++;
      resume = t;
    } else if (token === ONE || token === text[t]) {
      p++;
      t++;
    } else if (star < 0) return false;
    else {
      p = star + 1;
      t = ++resume;
    }
  }
  return tokens.slice(p).every((token) => token === ANY);
}

const ARN_PARTS = 6;

/** ARNs are compared part by part: a `*` does not reach over a colon, but in the last part. */
export function matchesArn(pattern: string, arn: string, facts?: Facts): boolean {
  const patterns = splitArn(pattern);
  const parts = splitArn(arn);
  if (patterns.length !== ARN_PARTS || parts.length !== ARN_PARTS) return pattern === '*';
  return patterns.every((part, i) => matches(part, parts[i] ?? '', facts));
}

function splitArn(arn: string): string[] {
  // Colons of variables, as in ${aws:username}, are no separators.
  const parts = arn.split(/:(?![^{]*\})/);
  return parts.length <= ARN_PARTS
    ? parts
    : [...parts.slice(0, ARN_PARTS - 1), parts.slice(ARN_PARTS - 1).join(':')];
}
