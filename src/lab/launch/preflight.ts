import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { LabProblem } from '../../cli/lab-port.ts';
import { SANDBOX_SCRIPT, type Environment } from './sandbox.ts';

/** Programs the lab runs, with the Debian package that brings them. */
const PROGRAMS: Readonly<Record<string, string>> = {
  unshare: 'util-linux',
  nsenter: 'util-linux',
  setpriv: 'util-linux',
  setsid: 'util-linux',
  mount: 'mount',
  ip: 'iproute2',
  nft: 'nftables',
};

/** What the kernel must be able to do inside the sandbox; each line prints its name when it cannot. */
const PROBE = `
try() { name=$1; shift; "$@" >/dev/null 2>&1 || echo "$name"; }
rules() { printf '%s\\n' "$1" | nft -f -; }
try veth ip link add p0 type veth peer name p1
try bridge ip link add b0 type bridge
try vxlan ip link add x0 type vxlan id 1 local 127.0.0.1 dstport 4789
try nf_tables rules 'add table inet probe'
try nft_ct rules 'table inet probe { chain c { type filter hook forward priority 0; ct state established accept; }; }'
try nft_set_pipapo rules 'table inet probe { set s { type ipv4_addr . inet_service; flags interval; }; }'
`;

/** Settings that switch user namespaces off, with the value that does. */
const USERNS_SWITCHES = [
  {
    path: '/proc/sys/user/max_user_namespaces',
    off: '0',
    fix: 'sysctl user.max_user_namespaces=15000',
  },
  {
    path: '/proc/sys/kernel/unprivileged_userns_clone',
    off: '0',
    fix: 'sysctl kernel.unprivileged_userns_clone=1',
  },
  {
    path: '/proc/sys/kernel/apparmor_restrict_unprivileged_userns',
    off: '1',
    fix: 'sysctl kernel.apparmor_restrict_unprivileged_userns=0',
  },
] as const;

const run = promisify(execFile);

/**
 * Makes sure that this machine can run a lab, before anything is made; rejects with a LabProblem that
 * names what is missing and the command that brings it.
 */
export async function checkMachine(env: Environment): Promise<void> {
  const missing = await missingPrograms(env);
  if (missing.length > 0) {
    const packages = [...new Set(missing.map((name) => PROGRAMS[name]))].join(' ');
    throw new LabProblem(
      `Missing programs: ${missing.join(', ')}. Install them: apt-get install -y ${packages}`,
    );
  }
  const lacking = await probe(env);
  if (lacking.length > 0) {
    throw new LabProblem(
      `The kernel lacks: ${lacking.join(', ')}. Load the modules as root: modprobe ${lacking.join(' ')}`,
    );
  }
}

async function missingPrograms(env: Environment): Promise<readonly string[]> {
  const script = Object.keys(PROGRAMS)
    .map((name) => `command -v ${name} >/dev/null || echo ${name}`)
    .join('\n');
  const { stdout } = await run('/bin/sh', ['-c', `${script}\ntrue`], { env: defined(env) });
  return stdout.split('\n').filter((line) => line !== '');
}

async function probe(env: Environment): Promise<readonly string[]> {
  try {
    const { stdout } = await run('/bin/sh', [SANDBOX_SCRIPT, 'sh', '-c', `${PROBE}true`], {
      env: defined(env),
    });
    return stdout.split('\n').filter((line) => line !== '');
  } catch (error) {
    const said = String((error as { readonly stderr?: string }).stderr ?? error).trim();
    throw new LabProblem(await explainRefusal(said), { cause: error });
  }
}

/** Why the kernel refused a user namespace, as far as its settings tell. */
async function explainRefusal(said: string): Promise<string> {
  const fixes: string[] = [];
  for (const { path, off, fix } of USERNS_SWITCHES) {
    const value = await readFile(path, 'utf8').catch(() => '');
    if (value.trim() === off) fixes.push(fix);
  }
  const advice =
    fixes.length > 0
      ? `User namespaces are switched off; as root: ${fixes.join('; ')}`
      : 'No setting that forbids it was found: a chroot, a container runtime or a security module may';
  return `The kernel does not let us make user, network and mount namespaces (${said}). ${advice}`;
}

function defined(env: Environment): NodeJS.ProcessEnv {
  return { ...env, PATH: `${env['PATH'] ?? '/usr/bin:/bin'}:/usr/sbin:/sbin` };
}
