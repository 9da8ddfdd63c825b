import { err, ok, type Result } from '../../base/result.ts';

/** What the client was asked to do. */
export interface PsqlRequest {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly password: string | undefined;
  readonly connectSeconds: number;
  /** Statements of -c; empty means that SQL comes on stdin. */
  readonly commands: readonly string[];
  readonly tuplesOnly: boolean;
  readonly aligned: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Seconds to wait for a connection where nobody says; libpq would wait for the kernel. */
const CONNECT_SECONDS = 5;

/** Options that take a value, by short and long name. */
const VALUES: Readonly<Record<string, string>> = {
  h: 'host',
  host: 'host',
  p: 'port',
  port: 'port',
  U: 'user',
  username: 'user',
  d: 'database',
  dbname: 'database',
  c: 'command',
  command: 'command',
};
/** Options without a value. Those that change nothing here are accepted. */
const FLAGS: Readonly<Record<string, string>> = {
  t: 'tuplesOnly',
  'tuples-only': 'tuplesOnly',
  A: 'unaligned',
  'no-align': 'unaligned',
  q: 'ignored',
  quiet: 'ignored',
  X: 'ignored',
  'no-psqlrc': 'ignored',
  w: 'ignored',
  'no-password': 'ignored',
};

/** Reads the arguments of `psql`; the subset is the one that scripts use. */
export function parsePsql(
  args: readonly string[],
  environment: Environment,
): Result<PsqlRequest, string> {
  const words = splitWords(args);
  if (!words.ok) return words;
  const { values, flags, rest } = words.value;
  const one = (name: string, variable: string): string | undefined =>
    values.find(([key]) => key === name)?.[1] ?? environment[variable];
  const user = one('user', 'PGUSER') ?? rest[1] ?? 'postgres';
  const database = one('database', 'PGDATABASE') ?? rest[0] ?? user;
  const numbers = {
    port: Number(one('port', 'PGPORT') ?? 5432),
    connectSeconds: Number(environment['PGCONNECT_TIMEOUT'] ?? CONNECT_SECONDS),
  };
  if (!Number.isInteger(numbers.port)) return err('invalid port number');
  return ok({
    host: one('host', 'PGHOST') ?? 'localhost',
    ...numbers,
    user,
    database,
    password: environment['PGPASSWORD'],
    commands: values.filter(([key]) => key === 'command').map(([, value]) => value),
    tuplesOnly: flags.has('tuplesOnly'),
    aligned: !flags.has('unaligned'),
  });
}

/** Reads `trunkline-psql HOST[:PORT] SQL [SECONDS]`. */
export function parseTrunklinePsql(
  args: readonly string[],
  environment: Environment,
): Result<PsqlRequest, string> {
  const [target, sql, seconds] = args;
  const [host = '', port] = (target ?? '').split(':');
  if (host === '' || sql === undefined)
    return err('usage: trunkline-psql HOST[:PORT] "select ..." [SECONDS]');
  const options = ['-h', host, ...(port === undefined ? [] : ['-p', port]), '-c', sql];
  return parsePsql(options, {
    ...environment,
    ...(seconds !== undefined && { PGCONNECT_TIMEOUT: seconds }),
  });
}

interface Words {
  readonly values: readonly (readonly [string, string])[];
  readonly flags: ReadonlySet<string>;
  readonly rest: readonly string[];
}

function splitWords(args: readonly string[]): Result<Words, string> {
  const values: [string, string][] = [];
  const flags = new Set<string>();
  const rest: string[] = [];
  const queue = args.flatMap(separate);
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    if (!word.startsWith('-')) {
      rest.push(word.replace(LITERAL, ''));
      continue;
    }
    const name = word.replace(/^--?/, '');
    const flag = FLAGS[name];
    const valued = VALUES[name];
    const value = valued === undefined ? undefined : queue.shift();
    if (flag !== undefined) flags.add(flag);
    else if (valued !== undefined && value !== undefined)
      values.push([valued, value.replace(LITERAL, '')]);
    else
      return err(`invalid option "${word}" (the lab's psql knows -h -p -U -d -c -t -A -q -X -w)`);
  }
  return ok({ values, flags, rest });
}

/** Marks a word that was cut off an option, so that a leading hyphen is not taken for another. */
const LITERAL = '\0';

/** `--host=x` becomes two words, `-hx` too, and `-tA` becomes `-t -A`. */
function separate(word: string): readonly string[] {
  const long = /^(--[^=]+)=(.*)$/s.exec(word);
  if (long) return [long[1] ?? '', `${LITERAL}${long[2]}`];
  if (!/^-[A-Za-z]./s.test(word)) return [word];
  const letters: string[] = [];
  for (let i = 1; i < word.length; i++) {
    const letter = word[i] ?? '';
    letters.push(`-${letter}`);
    if (letter in VALUES && i + 1 < word.length)
      return [...letters, `${LITERAL}${word.slice(i + 1)}`];
  }
  return letters;
}
