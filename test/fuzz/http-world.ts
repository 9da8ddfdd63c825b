import { Agent, request } from 'node:http';
import type { FakeKube } from '../../src/api/client.fake.ts';
import type { Clock } from '../../src/base/clock.ts';
import type { LogFields } from '../../src/base/log.ts';
import type { Random } from '../../src/base/random.ts';
import { systemClock } from '../../src/io/clock.ts';
import { createInformers } from '../../src/io/informer.ts';
import type { WireRequest } from '../../src/vpc/auth/sigv4.ts';
import type { WireResponse } from '../../src/vpc/dispatch.ts';
import { startVpcApi } from '../../src/vpc/server.ts';
import type { Wire } from './player.ts';
import { listeningLog, optionsOf } from './world.ts';

/** A whole server, reached through sockets. */
export interface HttpWorld extends Wire {
  stop(): Promise<void>;
}

/** Starts a server over what is stored. */
export async function openHttpWorld(
  kube: FakeKube,
  clock: Clock,
  random: Random,
): Promise<HttpWorld> {
  const errors: { message: string; fields: LogFields | undefined }[] = [];
  const log = listeningLog(errors);
  const stop = new AbortController();
  const informers = createInformers({ kube, clock: systemClock, log, signal: stop.signal });
  const listeners = [{ host: '127.0.0.1', port: 0 }];
  const options = { ...optionsOf(kube, clock, random), informers, log, listeners };
  const api = await startVpcApi({ ...options, checkViews: true });
  const agent = new Agent({ keepAlive: true });
  return {
    clock,
    errors,
    dispatch: (what) => exchange(what, agent, api.port),
    stop: async () => {
      agent.destroy();
      stop.abort();
      await api.close();
    },
  };
}

function exchange(
  { method, path, query, headers, body }: WireRequest,
  agent: Agent,
  port: number,
): Promise<WireResponse> {
  const target = query === '' ? path : `${path}?${query}`;
  return new Promise((resolve, reject) => {
    const options = { agent, host: '127.0.0.1', port, method, path: target };
    const sent = request({ ...options, headers: Object.fromEntries(headers) }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const type = response.headers['x-amzn-errortype'];
        resolve({
          status: response.statusCode ?? 0,
          body: Buffer.concat(chunks).toString(),
          requestId: '',
          headers: typeof type === 'string' ? { 'x-amzn-errortype': type } : {},
        });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
