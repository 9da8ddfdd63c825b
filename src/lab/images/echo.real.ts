/**
 * What an unknown image runs: answers every HTTP request with a JSON object that tells which pod
 * answered and whom it saw. Ports come from TRUNKLINE_ECHO_PORTS. Runs in Bun or Node, and imports
 * nothing that it does not use: there is one process of it per container.
 */
interface Request {
  readonly method: string;
  readonly path: string;
  readonly client: string;
  readonly port: number;
}

interface BunServer {
  requestIP(request: globalThis.Request): { readonly address: string } | null;
}

interface BunRuntime {
  serve(options: {
    readonly port: number;
    readonly hostname: string;
    readonly fetch: (request: globalThis.Request, server: BunServer) => Response;
  }): unknown;
}

const { env } = process;
const bun = (globalThis as { readonly Bun?: BunRuntime }).Bun;
const ports = (env['TRUNKLINE_ECHO_PORTS'] ?? '8080').split(',').map(Number);

function answer(request: Request): string {
  const line = `${request.client} ${request.method} ${request.path} on port ${request.port}\n`;
  process.stdout.write(line);
  const who = { pod: env['HOSTNAME'], namespace: env['TRUNKLINE_POD_NAMESPACE'] };
  return `${JSON.stringify({ ...who, ...request })}\n`;
}

/** ::ffff:10.0.0.1 is an IPv4 client on a socket for both families. */
function plainAddress(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:/, '');
}

function serveInBun(runtime: BunRuntime, port: number): void {
  runtime.serve({
    port,
    hostname: '0.0.0.0',
    fetch(request, server) {
      const { pathname, search } = new URL(request.url);
      const client = plainAddress(server.requestIP(request)?.address);
      const body = answer({ method: request.method, path: pathname + search, client, port });
      return new Response(body, { headers: { 'content-type': 'application/json' } });
    },
  });
}

async function serveInNode(port: number): Promise<void> {
  const { createServer } = await import('node:http');
  createServer((request, response) => {
    const client = plainAddress(request.socket.remoteAddress);
    const { method = '', url: path = '' } = request;
    response.setHeader('content-type', 'application/json');
    response.end(answer({ method, path, client, port }));
  }).listen(port, '0.0.0.0');
}

process.on('SIGTERM', () => process.exit(0));
for (const port of ports) {
  if (bun) serveInBun(bun, port);
  else await serveInNode(port);
}
process.stdout.write(`Echo server listens on ${ports.join(', ')}\n`);
