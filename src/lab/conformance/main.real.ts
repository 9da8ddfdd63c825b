/** Runs truth tables on a fabric of its own; to be started in a sandbox. Answers with JSON. */
import { runTables } from '../../policy/conformance/run.ts';
import { FABRIC } from './fabric-target.ts';
import { readTables } from './read-tables.ts';

const [folder = ''] = process.argv.slice(2);
const results = await runTables(readTables(folder), FABRIC);
process.stdout.write(JSON.stringify(results));
