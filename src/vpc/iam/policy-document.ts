import { err, ok, type Result } from '../../base/result.ts';
import { resourceProblem } from './policy-resource.ts';

/** One operator with one key of a `Condition` element. */
export interface Condition {
  /** As written, without quantifier and `IfExists`. */
  readonly operator: string;
  readonly quantifier: 'ForAllValues' | 'ForAnyValue' | undefined;
  readonly ifExists: boolean;
  readonly key: string;
  readonly values: readonly string[];
}

/** A statement in which every list is a list. */
export interface Statement {
  readonly sid: string | undefined;
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly string[];
  /** The actions are the exceptions (`NotAction`). */
  readonly notActions: boolean;
  readonly resources: readonly string[];
  /** The resources are the exceptions (`NotResource`). */
  readonly notResources: boolean;
  /** Of trust policies: `AWS`, `Service`, `Federated` and who; `*` stands for everybody. */
  readonly principals: readonly { readonly type: string; readonly value: string }[];
  readonly notPrincipals: boolean;
  readonly conditions: readonly Condition[];
}

/** A policy document that was understood. */
export interface Policy {
  readonly version: '2008-10-17' | '2012-10-17';
  readonly statements: readonly Statement[];
}

/**
 * What a policy is attached to: an identity, or a role as the statement of who may assume it. Managed
 * policies are for identities too, and may not be of the older version.
 */
export type PolicyUse = 'identity' | 'managed' | 'trust';

const MAX_KEPT = 500;
const kept = new Map<string, Result<Policy, string>>();

/** Reads a policy document; the error is AWS's text. Documents are remembered by their text. */
export function parsePolicy(text: string, use: PolicyUse = 'identity'): Result<Policy, string> {
  const key = `${use} ${text}`;
  const known = kept.get(key);
  if (known !== undefined) return known;
  const parsed = readPolicy(text, use);
  if (kept.size >= MAX_KEPT) kept.clear();
  kept.set(key, parsed);
  return parsed;
}

type Json = Readonly<Record<string, unknown>>;

class Malformed extends Error {}

function readPolicy(text: string, use: PolicyUse): Result<Policy, string> {
  try {
    return ok(policyFrom(readJson(text), use));
  } catch (error) {
    if (error instanceof Malformed) return err(error.message);
    throw error;
  }
}

function readJson(text: string): Json {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Malformed('This policy contains invalid Json');
  }
  return record(value);
}

function policyFrom(document: Json, use: PolicyUse): Policy {
  onlyMembers(document, ['Version', 'Id', 'Statement']);
  if (!['string', 'undefined'].includes(typeof document['Id'])) throw syntax();
  const version = document['Version'] ?? '2008-10-17';
  if (version !== '2008-10-17' && version !== '2012-10-17') throw syntax();
  if (use === 'managed' && version !== '2012-10-17')
    throw new Malformed('Policy document must be version 2012-10-17 or greater.');
  const statements = listOf(document['Statement']).map((each) => statementFrom(record(each), use));
  if (statements.length === 0) throw syntax();
  const sids = statements.flatMap(({ sid }) => (sid === undefined || sid === '' ? [] : sid));
  if (new Set(sids).size < sids.length)
    throw new Malformed('Statement IDs (SID) in a single policy must be unique.');
  return { version, statements };
}

const STATEMENT_MEMBERS = [
  'Sid',
  'Effect',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Principal',
  'NotPrincipal',
  'Condition',
];

function statementFrom(statement: Json, use: PolicyUse): Statement {
  onlyMembers(statement, STATEMENT_MEMBERS);
  const { Effect: effect, Sid: sid } = statement;
  if (effect !== 'Allow' && effect !== 'Deny') throw badEffect(effect);
  if (sid !== undefined && typeof sid !== 'string') throw syntax();
  const [actions, notActions] = oneOf(
    statement,
    'Action',
    'Policy statement must contain actions.',
  );
  actions.forEach(checkAction);
  return {
    sid,
    effect,
    actions,
    notActions,
    ...resourcesFrom(statement, use),
    ...principalsFrom(statement, use),
    conditions: conditionsFrom(statement['Condition']),
  };
}

/** The values of `Name` or `NotName`, of which there must be exactly one. */
function oneOf(statement: Json, name: string, missing: string): [readonly string[], boolean] {
  const [plain, not] = [statement[name], statement[`Not${name}`]];
  if (plain !== undefined && not !== undefined) throw syntax();
  const values = listOf(plain ?? not);
  if (values.length === 0) throw new Malformed(missing);
  return [values.map(textOf), plain === undefined];
}

/** `allow` is nearly right, which is another error than a word that is not. */
function badEffect(effect: unknown): Malformed {
  const isNear = typeof effect === 'string' && /^(?:allow|deny)$/i.test(effect);
  return isNear ? new Malformed('The policy failed legacy parsing') : syntax();
}

function checkAction(action: string): void {
  if (action === '*') return;
  const [vendor = '', name, ...more] = action.split(':');
  if (name === undefined || name === '' || vendor === '')
    throw new Malformed(
      'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.',
    );
  if (more.length > 0) throw new Malformed('Actions/Condition can contain only one colon.');
  if (!/^[A-Za-z0-9.-]+$/.test(vendor)) throw new Malformed(`Vendor ${vendor} is not valid`);
}

function resourcesFrom(
  statement: Json,
  use: PolicyUse,
): Pick<Statement, 'resources' | 'notResources'> {
  const given = ['Resource', 'NotResource'].find((name) => name in statement);
  if (use === 'trust') {
    if (given !== undefined) throw new Malformed(`Has prohibited field ${given}`);
    return { resources: ['*'], notResources: false };
  }
  const missing = 'Policy statement must contain resources.';
  const [resources, notResources] = oneOf(statement, 'Resource', missing);
  for (const resource of resources) {
    const problem = resourceProblem(resource, use === 'managed');
    if (problem !== undefined) throw new Malformed(problem);
  }
  return { resources, notResources };
}

function principalsFrom(
  statement: Json,
  use: PolicyUse,
): Pick<Statement, 'principals' | 'notPrincipals'> {
  const given = ['Principal', 'NotPrincipal'].filter((name) => name in statement);
  const [name] = given;
  if (use !== 'trust') {
    if (name !== undefined) throw new Malformed('Policy document should not specify a principal.');
    return { principals: [], notPrincipals: false };
  }
  if (name === undefined || given.length > 1)
    throw new Malformed('Missing required field Principal');
  const value = statement[name];
  const types = value === '*' ? { AWS: '*' } : record(value);
  const principals = Object.entries(types).flatMap(([type, who]) =>
    listOf(who).map((each) => ({ type, value: textOf(each) })),
  );
  if (principals.length === 0) throw syntax();
  return { principals, notPrincipals: name === 'NotPrincipal' };
}

const OPERATOR =
  /^(?:(ForAllValues|ForAnyValue):)?((?:String(?:Not)?(?:Equals(?:IgnoreCase)?|Like))|(?:Numeric|Date)(?:(?:Not)?Equals|(?:LessThan|GreaterThan)(?:Equals)?)|Bool|BinaryEquals|(?:Not)?IpAddress|Arn(?:Not)?(?:Equals|Like)|Null)(IfExists)?$/;

function conditionsFrom(condition: unknown): Condition[] {
  if (condition === undefined) return [];
  return Object.entries(record(condition)).flatMap(([name, keys]) => {
    const [, quantifier, operator = '', ifExists] = OPERATOR.exec(name) ?? [];
    const tests = Object.entries(record(keys));
    if (operator === '' && tests.length > 0) throw syntax();
    return tests.map(([key, values]) => ({
      operator,
      quantifier: quantifier as Condition['quantifier'],
      ifExists: ifExists !== undefined,
      key,
      values: listOf(values).map(textOf),
    }));
  });
}

function syntax(): Malformed {
  return new Malformed('Syntax errors in policy.');
}

function onlyMembers(value: Json, names: readonly string[]): void {
  if (Object.keys(value).some((name) => !names.includes(name))) throw syntax();
}

function record(value: unknown): Json {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw syntax();
  return value as Json;
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value.filter((each) => each !== null) : [value];
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw syntax();
}
