import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import type { LabAccess } from '../../cli/lab-port.ts';

const accessSchema = v.object({
  kubeconfig: v.string(),
  ec2Endpoint: v.string(),
  accessKeyId: v.string(),
  secretAccessKey: v.string(),
  region: v.string(),
});

/** Readable by the owner alone: these files hold keys. */
const SECRET_MODE = 0o600;

/** Writes `kubeconfig` and `access.json` into the lab's folder. */
export async function writeAccess(stateDir: string, access: LabAccess): Promise<void> {
  await writeFile(join(stateDir, 'kubeconfig'), access.kubeconfig, { mode: SECRET_MODE });
  const text = JSON.stringify(access);
  await writeFile(join(stateDir, 'access.json'), text, { mode: SECRET_MODE });
}

/** What `writeAccess` wrote; undefined while the lab is still coming up. */
export async function readAccess(stateDir: string): Promise<LabAccess | undefined> {
  const text = await readFile(join(stateDir, 'access.json'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : v.parse(accessSchema, JSON.parse(text));
}
