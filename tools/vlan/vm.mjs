/**
 * Boots a virtual machine, passes its output on and exits as the command inside it does. Runs as the
 * first process of namespaces that run.mjs makes: sockets, logs and images lie in a private /run, and
 * the kernel ends the emulator and the file server with this process, however it ends.
 *
 *   node tools/vlan/vm.mjs JOB      a JSON object, see run.mjs
 *
 * Exit status 125: the machine did not come to the end of the command; its console is printed.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from '../node24.mjs';
import { initramfs } from './initramfs.mjs';
import { modulesFor } from './modules.ts';

const INITRAMFS = '/run/initramfs';
const SOCKET = '/run/files.sock';
const CONSOLE = '/run/console';
const STATUS = '/run/status';
const REPORT = '/run/report';
const MEMORY_MIB = 1024;
const FAILED = 125;

const job = JSON.parse(process.argv[2]);
const { modules } = modulesFor(job.modules, job.features);
writeFileSync(INITRAMFS, await initramfs({ busybox: job.busybox, modules }));
const files = shareFiles();
await socketOf(files);
const emulator = boot();
const late = setTimeout(() => {
  console.error(`The virtual machine did not finish within ${job.timeoutMs / 1000} s`);
  emulator.kill('SIGKILL');
}, job.timeoutMs);
await new Promise((resolve) => emulator.on('close', resolve));
clearTimeout(late);
files.kill();
if (job.report !== undefined && read(REPORT) !== '') writeFileSync(job.report, read(REPORT));
process.exitCode = exitStatus();

/** Serves this machine's files. Nothing is ever written through it: the guest mounts it read-only. */
function shareFiles() {
  const options = ['source=/', 'cache=always', 'sandbox=chroot', 'log_level=err'];
  const args = [`--socket-path=${SOCKET}`, ...options.flatMap((one) => ['-o', one])];
  return spawn(job.virtiofsd, args, { stdio: 'ignore' });
}

async function socketOf(server) {
  while (!existsSync(SOCKET)) {
    if (server.exitCode !== null) throw new Error(`${job.virtiofsd} ended with ${server.exitCode}`);
    await sleep(10);
  }
}

function boot() {
  const memory = `memory-backend-memfd,id=memory,size=${MEMORY_MIB}M,share=on`;
  const options = [
    ['-machine', 'q35,usb=off,vmport=off,hpet=off', '-accel', 'tcg,thread=multi,tb-size=256'],
    ['-cpu', 'max', '-smp', '2', '-m', String(MEMORY_MIB)],
    ['-object', memory, '-numa', 'node,memdev=memory'],
    ['-chardev', `socket,id=files,path=${SOCKET}`],
    ['-device', 'vhost-user-fs-pci,chardev=files,tag=host,queue-size=1024'],
    ['-kernel', job.kernel, '-initrd', INITRAMFS, '-append', kernelArguments()],
    ['-nodefaults', '-display', 'none', '-no-reboot', '-nic', 'none'],
    ['-serial', `file:${CONSOLE}`],
    ['-chardev', 'stdio,id=output,signal=off', '-serial', 'chardev:output'],
    ['-serial', `file:${STATUS}`, '-serial', `file:${REPORT}`],
  ];
  return spawn(job.qemu, options.flat(), { stdio: ['ignore', 'inherit', 'inherit'] });
}

function kernelArguments() {
  const command = Buffer.from(job.command).toString('base64');
  return [
    'console=ttyS0 quiet loglevel=4 panic=-1',
    'mitigations=off nokaslr no_timer_check tsc=reliable random.trust_cpu=on',
    `trunkline.repository=${ROOT} trunkline.command=${command}`,
  ].join(' ');
}

function exitStatus() {
  const text = read(STATUS).trim();
  if (/^\d+$/.test(text)) return Number(text);
  console.error('The virtual machine ended without an exit status. The end of its console:');
  console.error(read(CONSOLE).split('\n').slice(-25).join('\n'));
  return FAILED;
}

function read(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
