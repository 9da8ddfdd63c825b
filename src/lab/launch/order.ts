import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';

/** The order file that the launcher leaves in the run folder for the process inside the sandbox. */
const listenerSchema = v.object({ fd: v.number(), port: v.number() });

const orderSchema = v.object({
  name: v.string(),
  mode: v.picklist(['demo', 'lab']),
  stay: v.boolean(),
  linkDriver: v.picklist(['auto', 'vlan', 'veth']),
  dataDir: v.string(),
  stateDir: v.string(),
  runDir: v.string(),
  root: v.string(),
  labs: v.string(),
  /** Module with `runLab`. */
  mainModule: v.string(),
  listeners: v.object({ kube: listenerSchema, ec2: listenerSchema }),
  /** `terminal`: progress goes to standard output; a number: JSON lines to that descriptor. */
  progress: v.union([v.literal('terminal'), v.number()]),
  /** Wall-clock time at which the user's command began, in milliseconds. */
  beganMs: v.number(),
});

/** See `orderSchema`. */
export type LaunchOrder = Readonly<v.InferOutput<typeof orderSchema>>;

/** Writes the order; answers its path. */
export async function writeOrder(order: LaunchOrder): Promise<string> {
  const path = join(order.runDir, 'order.json');
  await writeFile(path, JSON.stringify(order));
  return path;
}

/** Reads the order back inside the sandbox. */
export async function readOrder(path: string): Promise<LaunchOrder> {
  return v.parse(orderSchema, JSON.parse(await readFile(path, 'utf8')));
}
