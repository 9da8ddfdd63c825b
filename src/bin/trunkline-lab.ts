/** The process inside the sandbox: `trunkline-lab.ts <order file>`. Started by the launcher only. */
import { cryptoRandom } from '../io/random.ts';
import { systemClock } from '../io/clock.ts';
import { runInside } from '../lab/launch/inside.ts';

const orderPath = process.argv[2];
if (orderPath === undefined) throw new Error('Usage: trunkline-lab ORDER_FILE');
process.exit(await runInside({ orderPath, clock: systemClock, random: cryptoRandom }));
