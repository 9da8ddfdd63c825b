import { Command, Option } from 'commander';
import type { CommandContext } from './command.ts';
import {
  parseAccount,
  parseIssuer,
  parseKey,
  parseListen,
  parseQuota,
  parseSeconds,
  parseUrl,
} from './vpc-serve-parse.ts';
import {
  checkRequest,
  DEFAULT_KEY,
  type ServeOptions,
  type VpcServeRequest,
} from './vpc-serve-request.ts';

/** Serves until a signal ends it; `listening` is told the address. Rejects with LabProblem. */
export type VpcServe = (
  request: VpcServeRequest,
  listening: (url: string) => void,
) => Promise<void>;

/** `trunkline vpc`. */
export function vpcCommand(context: CommandContext): Command {
  return new Command('vpc')
    .description('the EC2-compatible API by itself')
    .addCommand(serveCommand(context));
}

const EXAMPLES = `
Examples:
  trunkline vpc serve
  trunkline vpc serve --listen 127.0.0.1:5000 --store ./vpc.sqlite --seed default-vpcs
  aws --endpoint-url http://127.0.0.1:5000 ec2 describe-vpcs

  Tests start each case anew with POST /_trunkline/reset:
  trunkline vpc serve --store memory --dev

  Two servers, one of which writes at a time:
  trunkline vpc serve --store kubernetes --kubeconfig ~/.kube/config --listen 127.0.0.1:5001
  trunkline vpc serve --store kubernetes --kubeconfig ~/.kube/config --listen 127.0.0.1:5002

  For others on the network:
  trunkline vpc serve --listen 0.0.0.0:443 --tls-cert cert.pem --tls-key key.pem \\
    --access-key AKIAMINE:a-secret-of-my-own`;

function serveCommand(context: CommandContext): Command {
  const command = new Command('serve').description(
    'serve EC2, IAM, STS and EKS on one port, with an embedded store or over Kubernetes',
  );
  for (const option of [...basicOptions(), ...storeOptions(), ...fidelityOptions()])
    command.addOption(option);
  return command.addHelpText('after', EXAMPLES).action(async (options: ServeOptions) => {
    const request = checkRequest(command, options);
    await context.vpcServe(request, (url) => context.write(`Serving on ${url}\n`));
  });
}

function basicOptions(): readonly Option[] {
  return [
    new Option('--listen <host:port>', 'where to listen; port 0: any free one')
      .argParser(parseListen)
      .default(parseListen('127.0.0.1:4566'), '127.0.0.1:4566'),
    new Option('--account <id>', '12 digits; who owns everything')
      .argParser(parseAccount)
      .default('123456789012'),
    new Option('--access-key <id:secret>', 'the key of the account')
      .env('TRUNKLINE_ACCESS_KEY')
      .argParser(parseKey)
      .default(parseKey(DEFAULT_KEY), DEFAULT_KEY),
    new Option(
      '--region <region>',
      'the home region; calls act in the region they are signed for',
    ).default('us-east-1'),
    new Option('--seed <what...>', 'what exists from the start').choices(['default-vpcs']),
    new Option(
      '--oidc-issuer <url[=file]>',
      'whose tokens AssumeRoleWithWebIdentity takes; keys from the JWKS file, or fetched; repeatable',
    )
      .argParser(parseIssuer)
      .default([], 'none'),
    new Option('--dev', 'add POST /_trunkline/reset and GET /_trunkline/health'),
    new Option('--tls-cert <file>', 'certificate chain (PEM): speak HTTPS'),
    new Option('--tls-key <file>', 'its key (PEM)'),
  ];
}

function storeOptions(): readonly Option[] {
  return [
    new Option(
      '--store <memory|path|kubernetes>',
      'keep the state in memory, in this file, or as custom resources that several servers share',
    ).default('memory'),
    new Option(
      '--kubeconfig <file>',
      'whose cluster --store kubernetes uses; without one, that of the pod we run in',
    ).env('KUBECONFIG'),
    new Option(
      '--advertise <url>',
      'where the other servers of --store kubernetes reach this one (default: where it listens)',
    ).argParser(parseUrl),
    new Option('--peer-ca <file>', "authority of the other servers' certificates (PEM)"),
    new Option(
      '--lease-seconds <seconds>',
      'how long a writer that fell silent is waited for with --store kubernetes',
    )
      .argParser(parseSeconds)
      .default(15),
  ];
}

function fidelityOptions(): readonly Option[] {
  return [
    new Option(
      '--eks-endpoint <url>',
      'the Kubernetes API that eks describe-cluster names (default: that of --store kubernetes)',
    ).argParser(parseUrl),
    new Option('--eks-ca <file>', 'its certificate authority (PEM)'),
    new Option('--quota <name=number>', 'a quota, such as interfacesPerRegion=20000; repeatable')
      .argParser(parseQuota)
      .default({}),
    new Option(
      '--knobs <file>',
      'JSON: throttles, latencies and errors to inject (docs/vpc-api.md)',
    ),
  ];
}
