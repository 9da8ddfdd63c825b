import { badRequest } from '../status.ts';
import { labelKeyProblems, labelValueProblems } from '../kinds/name-rules.ts';

/** One term of a label selector. */
export interface Requirement {
  readonly key: string;
  readonly operator: 'in' | 'notin' | 'exists' | 'absent' | 'gt' | 'lt';
  readonly values: readonly string[];
}

interface Token {
  readonly kind: 'word' | 'symbol' | 'end';
  readonly text: string;
}

const END: Token = { kind: 'end', text: '' };
const TOKEN = /\s*(==|!=|[=!(),<>]|[^\s=!(),<>]+)/y;
const OPERATORS: ReadonlySet<string> = new Set(['in', 'notin', '=', '==', '!=', '>', '<']);

/**
 * Parses the text form of label selectors, with the grammar and the messages of
 * k8s.io/apimachinery/pkg/labels: `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1,m<2`. Throws 400.
 */
export function parseRequirements(text: string): readonly Requirement[] {
  const tokens = new Tokens(text);
  if (tokens.peek().kind === 'end') return [];
  const requirements: Requirement[] = [];
  for (;;) {
    requirements.push(requirement(tokens));
    const after = tokens.next();
    if (after.kind === 'end') return requirements;
    if (after.text !== ',') throw unexpected(after, "',' or 'end of string'");
    const following = tokens.peek();
    if (following.kind !== 'word' && following.text !== '!') {
      throw unexpected(following, "identifier after ','");
    }
  }
}

class Tokens {
  readonly #all: readonly Token[];
  #position = 0;

  constructor(text: string) {
    this.#all = Array.from(text.matchAll(new RegExp(TOKEN, 'g')), ([, found = '']) => ({
      kind: /^[=!(),<>]/.test(found) ? 'symbol' : 'word',
      text: found,
    }));
  }

  peek(): Token {
    return this.#all[this.#position] ?? END;
  }

  next(): Token {
    const token = this.peek();
    this.#position += 1;
    return token;
  }
}

function requirement(tokens: Tokens): Requirement {
  const first = tokens.next();
  const denied = first.text === '!' && first.kind === 'symbol';
  if (!denied && first.kind !== 'word') {
    throw unexpected(first, "!, identifier, or 'end of string'");
  }
  const key = denied ? tokens.next() : first;
  if (key.kind !== 'word') throw unparsed(`found '${key.text}', expected: identifier`);
  for (const { text } of labelKeyProblems(key.text, '')) throw unparsed(`key: ${text}`);
  if (denied) return { key: key.text, operator: 'absent', values: [] };
  const next = tokens.peek();
  if (next.kind === 'end' || next.text === ',') {
    return { key: key.text, operator: 'exists', values: [] };
  }
  return withValues(key.text, tokens);
}

function withValues(key: string, tokens: Tokens): Requirement {
  const { text: operator } = tokens.next();
  if (!OPERATORS.has(operator)) {
    throw unparsed(`found '${operator}', expected: in, notin, =, ==, !=, gt, lt`);
  }
  const isSet = operator === 'in' || operator === 'notin';
  const values = isSet ? valueSet(tokens) : [singleValue(tokens)];
  for (const [index, value] of values.entries()) {
    const path = `values[${index}][${key}]`;
    for (const { text } of labelValueProblems(value, path)) throw unparsed(`${path}: ${text}`);
  }
  if (operator === '>' || operator === '<') return compared(key, operator, values);
  return { key, operator: operator === 'notin' || operator === '!=' ? 'notin' : 'in', values };
}

function compared(key: string, operator: '>' | '<', values: readonly string[]): Requirement {
  const [value = ''] = values;
  if (!/^[-+]?\d+$/.test(value)) {
    throw unparsed(
      `values[0]: Invalid value: "${value}": for 'Gt', 'Lt' operators, the value must be an integer`,
    );
  }
  return { key, operator: operator === '>' ? 'gt' : 'lt', values };
}

/** The value after `=`; nothing stands for the empty value. */
function singleValue(tokens: Tokens): string {
  const token = tokens.peek();
  if (token.kind === 'end' || token.text === ',') return '';
  if (token.kind !== 'word') throw unparsed(`found '${token.text}', expected: identifier`);
  return tokens.next().text;
}

/** `(a, b)`; two commas in a row, or a comma at an end, stand for the empty value. */
function valueSet(tokens: Tokens): readonly string[] {
  const open = tokens.next();
  if (open.text !== '(') throw unparsed(`found '${open.text}' expected: '('`);
  const values = [''];
  for (;;) {
    const token = tokens.next();
    if (token.text === ')') return [...new Set(values)];
    if (token.text === ',') {
      values.push('');
    } else if (token.kind === 'word' && values.at(-1) === '') {
      values[values.length - 1] = token.text;
    } else {
      throw unparsed(`found '${token.text}', expected: ',', or ')'`);
    }
  }
}

function unparsed(why: string): Error {
  return badRequest(`unable to parse requirement: ${why}`);
}

function unexpected({ text }: Token, expected: string): Error {
  return badRequest(`found '${text}', expected: ${expected}`);
}
