import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CallPlace, ConformanceClient, Outcome } from './client.ts';
import { isRecord } from './match.ts';
import { startPythonWorker } from './python-worker.ts';
import type { Params } from './story.ts';

/** What a command of the CLI left behind. */
interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The aws CLI, which also takes whole command lines. */
export interface CliClient extends ConformanceClient {
  command(place: CallPlace, line: string): Promise<Outcome>;
}

/** Requests that lack something must reach the server, so the CLI does not check them itself. */
const CONFIG = '[default]\nparameter_validation = false\ncli_pager =\n';

/** The aws CLI of the machine's Python; calls pass their parameters by `--cli-input-json`. */
export function createCliClient(python: string): CliClient {
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-cli-'));
  const config = join(folder, 'config');
  writeFileSync(config, CONFIG);
  const worker = startPythonWorker(python, 'aws_worker.py', { AWS_CONFIG_FILE: config });
  const run = async (place: CallPlace, argv: readonly string[]): Promise<Outcome> => {
    const environment = environmentOf(place);
    return outcomeOf((await worker.ask({ arguments: argv, environment })) as Finished);
  };
  return {
    name: 'aws',
    command: (place, line) => run(place, words(line)),
    call: (place, { service, action, params }) => {
      const json = JSON.stringify(withoutBlobs(params));
      return run(place, [service, kebab(action), '--no-paginate', '--cli-input-json', json]);
    },
    wait: async (place, { waiter, params }) => {
      const waited = await run(place, ['ec2', 'wait', kebab(waiter), ...flags(params)]);
      return waited.ok ? { ok: true, data: true } : waited;
    },
    pages: (place, { action, params, pageSize }) => {
      const paging = ['--page-size', `${pageSize}`];
      return run(place, ['ec2', kebab(action), ...paging, ...flags(params)]);
    },
    close: async () => {
      await worker.close();
      rmSync(folder, { recursive: true });
    },
  };
}

function environmentOf({ endpoint, region, keys }: CallPlace): Readonly<Record<string, string>> {
  return {
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    // Empty is as good as unset.
    AWS_SESSION_TOKEN: keys.sessionToken ?? '',
    AWS_DEFAULT_REGION: region,
    AWS_ENDPOINT_URL: endpoint,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_MAX_ATTEMPTS: '1',
    AWS_PAGER: '',
  };
}

function outcomeOf({ code, stdout, stderr }: Finished): Outcome {
  if (code === 0) return { ok: true, data: readOutput(stdout.trim()) };
  const error =
    /An error occurred \(([^)]+)\) when calling the \w+ operation(?: \([^)]*\))?: (.*)/s.exec(
      stderr,
    );
  const waited = /Waiter \w+ failed: (.*)/s.exec(stderr);
  return {
    ok: false,
    code: error?.[1] ?? (waited ? 'Waiter' : `exit code ${code}`),
    message: (error?.[2] ?? waited?.[1] ?? stderr).trim(),
    status: undefined,
  };
}

/** `--output text` and commands without an answer do not print JSON. */
function readOutput(text: string): unknown {
  if (text === '') return {};
  return /^[[{"]/.test(text) ? (JSON.parse(text) as unknown) : text;
}

/** `DescribeVpcs` -> `describe-vpcs`, as botocore does it. */
export function kebab(name: string): string {
  return name
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1-$2')
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase();
}

/** Parameters that are lists or texts, as flags. */
function flags(params: Params): readonly string[] {
  return Object.entries(params).flatMap(([name, value]) => {
    const texts = Array.isArray(value) ? value : [value];
    const shown = texts.map((each) => (typeof each === 'string' ? each : JSON.stringify(each)));
    return [`--${kebab(name)}`, ...shown];
  });
}

/** Version 1 of the CLI takes bytes as they are. */
function withoutBlobs(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutBlobs);
  if (!isRecord(value)) return value;
  if (typeof value['$blob'] === 'string') return value['$blob'];
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withoutBlobs(each)]));
}

/** A command line in words; quotes as in a shell, but no variables. */
function words(line: string): readonly string[] {
  return [...line.matchAll(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g)].map(([word]) =>
    word.replace(
      /'([^']*)'|"([^"]*)"/g,
      (_all, single?: string, double?: string) => single ?? double ?? '',
    ),
  );
}
