import { connect, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import * as v from 'valibot';
import { LabProblem, type LabComponent } from '../../cli/lab-port.ts';
import type { LabControl } from './runtime.ts';

/**
 * The control socket of a lab: one JSON line in, one JSON line out. A unix socket in the run folder
 * is reached through the file system, so the lab's own network namespace is no obstacle, and only
 * its owner can open it.
 */
const requestSchema = v.variant('verb', [
  v.object({ verb: v.literal('components') }),
  v.object({ verb: v.literal('stop'), component: v.string() }),
  v.object({ verb: v.literal('start'), component: v.string() }),
]);

/** A question to a running lab. */
export type ControlRequest = v.InferOutput<typeof requestSchema>;

const answerSchema = v.variant('ok', [
  v.object({
    ok: v.literal(true),
    components: v.array(v.object({ name: v.string(), running: v.boolean() })),
  }),
  v.object({ ok: v.literal(false), message: v.string() }),
]);

type Answer = v.InferOutput<typeof answerSchema>;

/** Name of the socket in the run folder. */
export const CONTROL_SOCKET = 'control.sock';

/** Serves the control socket until the process ends or `close`. */
export async function serveControlSocket(
  path: string,
  control: LabControl,
): Promise<{ close(): void }> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    createInterface({ input: socket }).once('line', (line) => void reply(socket, line, control));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  return { close: () => void server.close() };
}

/** Asks a running lab. Rejects with a LabProblem when it refuses or does not answer. */
export async function askLab(
  path: string,
  request: ControlRequest,
): Promise<readonly LabComponent[]> {
  const answer = await exchange(path, request);
  if (!answer.ok) throw new LabProblem(answer.message);
  return answer.components;
}

async function reply(socket: Socket, line: string, control: LabControl): Promise<void> {
  const answer = await perform(line, control).catch((error: unknown): Answer => ({
    ok: false,
    message: error instanceof Error ? error.message : String(error),
  }));
  socket.end(`${JSON.stringify(answer)}\n`);
}

async function perform(line: string, control: LabControl): Promise<Answer> {
  const request = v.parse(requestSchema, JSON.parse(line));
  if (request.verb === 'stop') await control.stop(request.component);
  if (request.verb === 'start') await control.start(request.component);
  return { ok: true, components: [...(await control.components())] };
}

function exchange(path: string, request: ControlRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const fail = (cause?: unknown): void => {
      socket.destroy();
      reject(new LabProblem('The lab does not answer: is it still coming up?', { cause }));
    };
    socket.once('connect', () => socket.write(`${JSON.stringify(request)}\n`));
    socket.once('error', fail);
    const lines = createInterface({ input: socket });
    lines.on('error', fail);
    lines.once('line', (line) => {
      socket.destroy();
      resolve(v.parse(answerSchema, JSON.parse(line)));
    });
    lines.once('close', () => fail());
  });
}
