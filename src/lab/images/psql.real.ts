/**
 * A small `psql`, and `trunkline-psql`: the query clients that containers of the lab find on their
 * PATH. Both speak the PostgreSQL protocol through the `pg` package; see psql-arguments.ts for what
 * they accept. Exit codes are psql's: 1 for a failed statement, 2 for a failed connection (always 1
 * from trunkline-psql).
 */
import { readFileSync } from 'node:fs';
import { Client, type QueryArrayResult } from 'pg';
import { resolveAlias } from './programs.ts';
import { parsePsql, parseTrunklinePsql, type PsqlRequest } from './psql-arguments.ts';
import { formatRows } from './psql-table.ts';

/** Types that psql aligns to the right: int8, int2, int4, oid, float4, float8, numeric. */
const NUMERIC_TYPES = new Set([20, 21, 23, 26, 700, 701, 1700]);
/** A statement that gets no answer for this long has lost its server. */
const QUERY_TIMEOUT_MS = 30_000;

const [tool = 'psql', ...args] = process.argv.slice(2);

function fail(message: string, code: number): never {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}

function describeFailure(error: NodeJS.ErrnoException, request: PsqlRequest): string {
  const where = `connection to server at "${request.host}", port ${request.port} failed`;
  if (/timeout|timed out/i.test(error.message)) return `${where}: timeout expired`;
  if (error.code === 'ECONNREFUSED') return `${where}: Connection refused`;
  if (error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN')
    return `could not translate host name "${request.host}" to address`;
  return `${where}: ${error.message}`;
}

async function connect(request: PsqlRequest): Promise<Client> {
  const client = new Client({
    host: resolveAlias(process.env['TRUNKLINE_HOST_ALIASES'] ?? '', request.host),
    port: request.port,
    user: request.user,
    database: request.database,
    ...(request.password !== undefined && { password: request.password }),
    connectionTimeoutMillis: request.connectSeconds * 1000,
    query_timeout: QUERY_TIMEOUT_MS,
    types: { getTypeParser: () => (text: string) => text },
  });
  client.on('error', (error) => fail(`psql: error: ${error.message}`, 2));
  try {
    await client.connect();
  } catch (error) {
    const text = describeFailure(error as NodeJS.ErrnoException, request);
    fail(`${tool}: error: ${text}`, tool === 'psql' ? 2 : 1);
  }
  return client;
}

function print(result: QueryArrayResult, request: PsqlRequest): void {
  if (result.fields.length === 0) {
    const tag = result.command === 'INSERT' ? 'INSERT 0' : result.command;
    const count = /^(INSERT|UPDATE|DELETE)$/.test(result.command) ? ` ${result.rowCount}` : '';
    process.stdout.write(`${tag}${count}\n`);
    return;
  }
  const columns = result.fields.map(({ name, dataTypeID }) => ({
    name,
    numeric: NUMERIC_TYPES.has(dataTypeID),
  }));
  const rows = result.rows as (string | null)[][];
  process.stdout.write(formatRows({ columns, rows }, request));
}

async function run(request: PsqlRequest): Promise<void> {
  const client = await connect(request);
  const statements = request.commands.length > 0 ? request.commands : [readFileSync(0, 'utf8')];
  try {
    for (const text of statements) {
      const answer = await client.query({ text, rowMode: 'array' });
      for (const result of [answer].flat()) print(result, request);
    }
  } catch (error) {
    fail(`ERROR:  ${(error as Error).message}`, 1);
  }
  await client.end();
}

const parse = tool === 'psql' ? parsePsql : parseTrunklinePsql;
const request = parse(args, process.env);
if (!request.ok) fail(`${tool}: error: ${request.error}`, 1);
else await run(request.value);
process.exit(0);
