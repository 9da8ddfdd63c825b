/**
 * What the virtual machine is made of. The emulator is installed by apt-get; the kernel and busybox
 * are only unpacked, into a cache: nothing of them is installed and no boot loader is touched.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../node24.mjs';

const CACHE = join(ROOT, 'node_modules/.cache/trunkline');
const QEMU = 'qemu-system-x86_64';
/** Debian 12 has it beside qemu, later ones in a package of its own. */
const VIRTIOFSD = ['/usr/lib/qemu/virtiofsd', '/usr/libexec/virtiofsd'];
/** Owner of files whose real one a user namespace does not know. */
const UNMAPPED = 65_534;
const KERNEL_PACKAGE = 'linux-image-cloud-amd64';

/** Why there can be no virtual machine here; its message is for people. */
export class Unavailable extends Error {}

/**
 * Brings what is missing and answers where everything is. Throws `Unavailable` with the reason.
 * @param {(text: string) => void} say tells what takes time
 */
export function bringParts(say) {
  if (process.arch !== 'x64')
    throw new Unavailable(`the emulated kernel is amd64, this is ${process.arch}`);
  checkRoot();
  const kernel = bringKernel(say);
  bringEmulator(say);
  const virtiofsd = VIRTIOFSD.find((path) => existsSync(path));
  return { qemu: QEMU, virtiofsd, ...kernel };
}

/** The guest reads this machine's files as their owner, which only root of the machine may. */
function checkRoot() {
  if (process.getuid() !== 0) throw new Unavailable('it takes root: sudo npm run test:vlan');
  const foreign = [ROOT, '/bin/sh'].find((path) => statSync(path).uid === UNMAPPED);
  if (foreign !== undefined)
    throw new Unavailable(`root of this user namespace does not own ${foreign}`);
}

function bringEmulator(say) {
  const missing = [
    ...(isInstalled(QEMU) ? [] : ['qemu-system-x86']),
    ...(isInstalled('tcpdump') ? [] : ['tcpdump']),
  ];
  if (missing.length > 0) install(missing, say);
  if (VIRTIOFSD.some((path) => existsSync(path))) return;
  install(['virtiofsd'], say);
}

function install(packages, say) {
  const command = ['apt-get', 'install', '-y', '-q', '--no-install-recommends', ...packages];
  say(`Installing ${packages.join(', ')}`);
  refreshIndex();
  apt(command);
}

/** Kernel, modules and busybox: unpacked once, and complete when the folder has its name. */
function bringKernel(say) {
  const found = unpacked();
  if (found !== undefined) return describe(found);
  sweepDrafts();
  say(`Fetching Debian's cloud kernel and busybox`);
  const draft = join(CACHE, `vm-draft-${process.pid}`);
  mkdirSync(draft, { recursive: true });
  try {
    refreshIndex();
    const image = kernelImage();
    apt(['apt-get', 'download', '-q', image, 'busybox-static'], draft);
    for (const name of readdirSync(draft)) {
      apt(['dpkg-deb', '-x', join(draft, name), draft]);
      rmSync(join(draft, name));
    }
    const place = join(CACHE, `vm-${image.replace('linux-image-', '')}`);
    if (!existsSync(place)) renameSync(draft, place);
    return describe(place);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** Left by runs that were killed while they unpacked. */
function sweepDrafts() {
  if (!existsSync(CACHE)) return;
  for (const name of readdirSync(CACHE)) {
    const pid = /^vm-draft-(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`))
      rmSync(join(CACHE, name), { recursive: true, force: true });
  }
}

function unpacked() {
  if (!existsSync(CACHE)) return undefined;
  const name = readdirSync(CACHE)
    .filter((one) => /^vm-\d/.test(one))
    .sort()
    .at(-1);
  return name === undefined ? undefined : join(CACHE, name);
}

function describe(place) {
  const release = readdirSync(join(place, 'boot')).find((name) => name.startsWith('vmlinuz-'));
  if (release === undefined) throw new Unavailable(`no kernel in ${place}: remove that folder`);
  const merged = existsSync(join(place, 'usr/lib/modules')) ? 'usr/lib' : 'lib';
  const busybox = ['bin/busybox', 'usr/bin/busybox'].map((path) => join(place, path));
  return {
    release: release.replace('vmlinuz-', ''),
    kernel: join(place, 'boot', release),
    modules: join(place, merged, 'modules', release.replace('vmlinuz-', '')),
    busybox: busybox.find((path) => existsSync(path)),
  };
}

/** The newest kernel: what the empty package of the flavour depends on. */
function kernelImage() {
  const { stdout } = spawnSync('apt-cache', ['depends', KERNEL_PACKAGE], { encoding: 'utf8' });
  const name = /Depends: (linux-image-\S+)/.exec(stdout ?? '')?.[1];
  if (name === undefined) throw new Unavailable(`the package index has no ${KERNEL_PACKAGE}`);
  return name;
}

function refreshIndex() {
  apt(['apt-get', 'update', '-q']);
}

function apt([file, ...args], cwd) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status, stderr, error } = spawnSync(file, args, { cwd, env, encoding: 'utf8' });
  if (status === 0) return;
  const why = (error?.message ?? stderr ?? '').trim().split('\n').at(-1);
  throw new Unavailable(`${[file, ...args].join(' ')} failed: ${why}`);
}

function isInstalled(name) {
  return ['/usr/bin', '/usr/sbin', '/bin', '/sbin'].some((one) => existsSync(join(one, name)));
}
