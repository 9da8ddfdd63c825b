/** A stand-in for the lab: serves the inherited listeners, one component, and an orphan process. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import type { LabOutcome, LabRuntime } from '../../src/lab/launch/runtime.ts';

/** See `RunLab`. The lab's name says how it behaves. */
export async function runLab(runtime: LabRuntime): Promise<LabOutcome> {
  if (runtime.name === 'broken') throw new Error('The tiny lab is broken');
  runtime.report({ kind: 'step', text: 'Opening servers' });
  if (runtime.name === 'slow') {
    await once(runtime.signal, 'abort');
    throw runtime.signal.reason;
  }
  let webhook = true;
  for (const name of ['kube', 'ec2'] as const) {
    const server = createServer((_, response) => {
      response.end(JSON.stringify({ name, webhook, netns: readlinkSync('/proc/self/ns/net') }));
    });
    server.listen({ fd: runtime.listeners[name].fd });
    await once(server, 'listening');
  }
  await runtime.publish({
    kubeconfig: `server: https://127.0.0.1:${runtime.listeners.kube.port}\n`,
    ec2Endpoint: `http://127.0.0.1:${runtime.listeners.ec2.port}`,
    accessKeyId: 'AKIDTINY',
    secretAccessKey: "it's secret",
    region: 'us-east-1',
  });
  await runtime.serveControl({
    components: async () => [{ name: 'webhook', running: webhook }],
    stop: async (component) => {
      if (component !== 'webhook') throw new Error(`Unknown component ${component}: webhook`);
      webhook = false;
    },
    start: async () => {
      webhook = true;
    },
  });
  writeFileSync(join(runtime.runDir, 'socket-or-so'), 'left unless removed');
  // A grandchild in a session of its own, as a pod's process would be.
  spawn('sh', ['-c', 'setsid sleep 1987654 & setsid sleep 0.1 &'], { stdio: 'ignore' });
  runtime.report({ kind: 'note', text: `data in ${runtime.dataDir}` });
  runtime.report({ kind: 'ready', text: 'Tiny lab is up' });
  if (runtime.mode === 'demo') runtime.report({ kind: 'output', text: 'verdicts: all good' });
  if (runtime.mode === 'lab' || runtime.stay) await aborted(runtime);
  return { ok: true };
}

async function aborted({ signal, name }: LabRuntime): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
  if (name === 'stubborn') await new Promise(() => setInterval(() => undefined, 1000));
}
