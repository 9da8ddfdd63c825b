import { Command, InvalidArgumentError, Option } from 'commander';
import type { CommandContext } from './command.ts';

/** What to serve. */
export interface VpcServeRequest {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly accountId: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Undefined keeps the state in memory. */
  readonly storePath: string | undefined;
  readonly region: string;
  readonly seeds: readonly 'default-vpcs'[];
  readonly dev: boolean;
  /** Files in PEM form. */
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined;
  /** Quotas that differ from AWS's defaults, by name. */
  readonly quotas: Readonly<Record<string, number>>;
  /** A JSON file of throttles, latencies and errors to inject. */
  readonly knobsFile: string | undefined;
}

/** Serves until a signal ends it; `listening` is told the address. */
export type VpcServe = (
  request: VpcServeRequest,
  listening: (url: string) => void,
) => Promise<void>;

interface ServeOptions {
  readonly listen: { readonly host: string; readonly port: number };
  readonly account: string;
  readonly accessKey: { readonly id: string; readonly secret: string };
  readonly store: string;
  readonly region: string;
  readonly seed?: readonly 'default-vpcs'[];
  readonly dev?: boolean;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly knobs?: string;
  readonly quota?: Readonly<Record<string, number>>;
}

/** Known to everybody: good for a loopback address only. */
const DEFAULT_KEY = 'AKIATRUNKLINEDEFAULT:trunkline';
const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

/** `trunkline vpc`. */
export function vpcCommand(context: CommandContext): Command {
  return new Command('vpc')
    .description('the EC2-compatible API by itself')
    .addCommand(serveCommand(context));
}

function serveCommand(context: CommandContext): Command {
  const command = new Command('serve');
  return command
    .description('serve EC2, IAM, STS and EKS on one port, with an embedded store')
    .addOption(
      new Option('--listen <host:port>', 'where to listen; port 0: any free one')
        .argParser(parseListen)
        .default(parseListen('127.0.0.1:4566'), '127.0.0.1:4566'),
    )
    .addOption(
      new Option('--account <id>', '12 digits; who owns everything')
        .argParser(parseAccount)
        .default('123456789012'),
    )
    .addOption(
      new Option('--access-key <id:secret>', 'the key of the account')
        .env('TRUNKLINE_ACCESS_KEY')
        .argParser(parseKey)
        .default(parseKey(DEFAULT_KEY), DEFAULT_KEY),
    )
    .option('--store <memory|path>', 'keep the state in memory, or in this file', 'memory')
    .option(
      '--region <region>',
      'the home region; calls act in the region they are signed for',
      'us-east-1',
    )
    .addOption(
      new Option('--seed <what...>', 'what exists from the start').choices(['default-vpcs']),
    )
    .option('--dev', 'add POST /_trunkline/reset and GET /_trunkline/health')
    .option('--tls-cert <file>', 'certificate chain (PEM): speak HTTPS')
    .option('--tls-key <file>', 'its key (PEM)')
    .addOption(
      new Option('--quota <name=number>', 'a quota, such as interfacesPerRegion=20000; repeatable')
        .argParser(parseQuota)
        .default({}),
    )
    .option('--knobs <file>', 'JSON: throttles, latencies and errors to inject (docs/vpc-api.md)')
    .addHelpText(
      'after',
      `
Examples:
  trunkline vpc serve
  trunkline vpc serve --listen 127.0.0.1:5000 --store ./vpc.sqlite --seed default-vpcs
  aws --endpoint-url http://127.0.0.1:5000 ec2 describe-vpcs`,
    )
    .action(async (options: ServeOptions) => {
      const request = checkRequest(command, options);
      await context.vpcServe(request, (url) => context.write(`Serving on ${url}\n`));
    });
}

function checkRequest(command: Command, options: ServeOptions): VpcServeRequest {
  const { listen, accessKey, tlsCert, tlsKey } = options;
  if ((tlsCert === undefined) !== (tlsKey === undefined))
    command.error('error: --tls-cert and --tls-key go together');
  const tls =
    tlsCert === undefined || tlsKey === undefined
      ? undefined
      : { certFile: tlsCert, keyFile: tlsKey };
  if (!LOOPBACK.has(listen.host)) checkExposed(command, options, tls !== undefined);
  return {
    ...listen,
    accountId: options.account,
    accessKeyId: accessKey.id,
    secretAccessKey: accessKey.secret,
    storePath: options.store === 'memory' ? undefined : options.store,
    region: options.region,
    seeds: options.seed ?? [],
    dev: options.dev === true,
    tls,
    quotas: options.quota ?? {},
    knobsFile: options.knobs,
  };
}

/** Others can reach the server: no key that everybody knows, no plain text, no open reset. */
function checkExposed(command: Command, options: ServeOptions, hasTls: boolean): void {
  const { listen, accessKey, dev } = options;
  const refuse = (why: string): never =>
    command.error(`error: refusing to listen on ${listen.host}, beyond loopback, ${why}`);
  if (`${accessKey.id}:${accessKey.secret}` === DEFAULT_KEY)
    refuse('with the default key: give --access-key');
  if (!hasTls) refuse('without TLS: give --tls-cert and --tls-key');
  if (dev === true) refuse('with --dev, whose routes ask for no signature');
}

function parseListen(text: string): ServeOptions['listen'] {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) throw new InvalidArgumentError('Expected HOST:PORT.');
  return { host: match[1] ?? match[2] ?? '', port };
}

function parseQuota(
  text: string,
  before: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const match = /^([A-Za-z]\w*)=(\d{1,9})$/.exec(text);
  if (match === null) throw new InvalidArgumentError('Expected NAME=NUMBER.');
  return { ...before, [match[1] ?? '']: Number(match[2]) };
}

function parseAccount(text: string): string {
  if (/^\d{12}$/.test(text)) return text;
  throw new InvalidArgumentError('Expected 12 digits.');
}

function parseKey(text: string): ServeOptions['accessKey'] {
  const match = /^(\w{4,128}):(.+)$/.exec(text);
  if (match === null) throw new InvalidArgumentError('Expected ID:SECRET.');
  return { id: match[1] ?? '', secret: match[2] ?? '' };
}
