import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LabProblem, type LabPort } from '../../cli/lab-port.ts';
import { readAccess } from './access-file.ts';
import { askLab, CONTROL_SOCKET } from './control.ts';
import { FLOW_SOCKET } from './runtime.ts';
import type { LabLauncherOptions } from './prepare.ts';
import { labFolder, labsFolder, readRecords, summarise, sweepDeadLabs } from './registry.ts';
import { becomeLab, startInBackground } from './start.ts';
import { livingRecord, stopLab } from './stop.ts';

/** Labs on this machine: processes, namespaces and the registry of this user. */
export function createLabPort(options: LabLauncherOptions): LabPort {
  const labs = labsFolder(options.env);
  return {
    sweep: () => sweepDeadLabs(labs),
    up: (request, report) => startInBackground({ ...options, labs, request, report }),
    run: (request, report) => becomeLab({ ...options, labs, request, report }),
    down: (name) => stopLab(labs, name, options.clock),
    list: async () => {
      const records = await readRecords(labs);
      return Promise.all(records.map((record) => summarise(labs, record)));
    },
    access: async (name) => {
      await livingRecord(labs, name);
      const access = await readAccess(labFolder(labs, name));
      if (access === undefined) throw new LabProblem(`Lab ${name} is still coming up`);
      return access;
    },
    flowSockets: async (name) => {
      const { runDir } = await livingRecord(labs, name);
      const names = await readdir(runDir);
      const sockets = names.filter((each) => each.endsWith(FLOW_SOCKET)).toSorted();
      return sockets.map((each) => join(runDir, each));
    },
    components: async (name) => {
      const { runDir } = await livingRecord(labs, name);
      return askLab(join(runDir, CONTROL_SOCKET), { verb: 'components' });
    },
    setComponent: async (name, component, running) => {
      const { runDir } = await livingRecord(labs, name);
      await askLab(join(runDir, CONTROL_SOCKET), { verb: running ? 'start' : 'stop', component });
    },
  };
}
