/**
 * `npm run test:vlan`: the `vlan` link driver on a kernel that has 802.1Q. Many kernels that tests
 * run on lack it, so the tests run in a virtual machine: Debian's cloud kernel under qemu, without
 * hardware help, on this machine's files. Nothing of this machine is changed by it.
 *
 *   node tools/vlan/run.mjs [COMMAND]   the tests, or another shell command in the guest
 *
 * Where the machine cannot be had, says why and exits 0: `npm test` lists that as skipped.
 */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ROOT } from '../node24.mjs';
import { modulesFor } from './modules.ts';
import { bringParts, Unavailable } from './parts.mjs';

/** To come up at all. crc32c is asked for by name at run time, which no dependency tells. */
const BOOT = ['virtio_pci', 'virtiofs', 'overlay', 'crc32c_generic'];
/** What the tests need; one that the kernel lacks is named. */
const LINKS = ['8021q', 'veth', 'bridge', 'vxlan', 'af_packet'];
const FILTER = ['nf_tables', 'nf_conntrack', 'nf_conntrack_netlink', 'nft_ct', 'nft_reject_inet'];
const NAT = ['nft_chain_nat', 'nft_nat', 'nft_fib', 'nft_fib_ipv4'];
const FEATURES = [...BOOT, ...LINKS, ...FILTER, ...NAT];
const TESTS = [
  'node --test-reporter=spec --test-reporter-destination=stdout',
  '--test-reporter=./tools/vlan/report.mjs --test-reporter-destination=/run/report tests.mjs',
].join(' ');
const VM = resolve(ROOT, 'tools/vlan/vm.mjs');
/** From boot to the end; what is above it is an emulator that hangs. */
const TIMEOUT_MS = 170_000;

try {
  process.exitCode = await main(process.argv[2]);
} catch (error) {
  if (!(error instanceof Unavailable)) throw error;
  console.log(`skipped: ${error.message}`);
  reportSkipped(error.message);
}

async function main(command = TESTS) {
  const parts = bringParts((text) => console.log(text));
  const { missing } = modulesFor(parts.modules, FEATURES);
  if (missing.length > 0)
    throw new Unavailable(`kernel ${parts.release} lacks ${missing.join(', ')}`);
  const report = process.env.TRUNKLINE_TEST_REPORT;
  const job = { ...parts, features: FEATURES, command, report, timeoutMs: TIMEOUT_MS };
  return runInside([process.execPath, VM, JSON.stringify(job)]);
}

/**
 * In namespaces of processes and mounts, with a /run of its own: what runs there dies with its first
 * process, that one with this one, and files in /run with both. Not in the sandbox of the other
 * stages: in a user namespace root is not the owner of other users' files, and the guest's
 * overlay opens files as their owner (O_NOATIME).
 */
function runInside(command) {
  const own = ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const enter = 'mount -t tmpfs -o mode=755 tmpfs /run && exec "$@"';
  const args = ['--pdeathsig', 'KILL', ...own, 'sh', '-c', enter, 'sh', ...command];
  return new Promise((done) => {
    const child = spawn('setpriv', args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
    // unshare itself takes no other signal while it waits.
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'])
      process.on(name, () => child.kill('SIGKILL'));
    child.on('exit', (code, signal) => done(code ?? (signal === null ? 1 : 128)));
  });
}

function reportSkipped(reason) {
  const path = process.env.TRUNKLINE_TEST_REPORT;
  if (path === undefined) return;
  const test = { file: 'test/vlan', name: 'the vlan link driver', state: 'skipped', reason };
  writeFileSync(path, JSON.stringify({ tests: [test], broken: 0 }));
}
