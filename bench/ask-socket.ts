import { connect } from 'node:net';
import type { AgentRequest, AgentResponse } from '../src/node/cni/wire.ts';

/** One request to an agent, as the CNI plugin makes it, without the plugin's process. */
export function askSocket(path: string, request: AgentRequest): Promise<AgentResponse> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(path, () => socket.write(`${JSON.stringify(request)}\n`));
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => (text += chunk));
    socket.on('end', () => resolve(JSON.parse(text) as AgentResponse));
    socket.on('error', reject);
  });
}
