/** The lab's database process: `lab-postgres.ts ensure | prepare FOLDER | serve FOLDER PORT`. */
import { DEFAULT_CACHE, ensureTemplate } from '../lab/postgres/postgres.ts';
import { servePostgres } from '../lab/postgres/serve.ts';
import { makeTemplate } from '../lab/postgres/template.ts';

const [verb, folder = '', port = ''] = process.argv.slice(2);
switch (verb) {
  case 'ensure':
    await ensureTemplate(DEFAULT_CACHE);
    break;
  case 'prepare':
    await makeTemplate(folder);
    process.exit(0);
  case 'serve':
    await serve();
    break;
  default:
    throw new Error('Usage: lab-postgres ensure | prepare FOLDER | serve FOLDER PORT');
}

async function serve(): Promise<void> {
  const server = await servePostgres({ dataDir: folder, port: Number(port) });
  process.once('SIGTERM', () => void server.close().then(() => process.exit(0)));
  process.stdout.write('ready\n');
}
