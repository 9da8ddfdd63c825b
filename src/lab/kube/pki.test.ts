import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { createPki } from './pki.ts';

describe('the authority of the lab', () => {
  test('issues server certificates for names and addresses', async () => {
    const pki = await createPki();
    const { certPem } = await pki.serverCertificate(['localhost', '127.0.0.1', '::1']);
    const certificate = new X509Certificate(certPem);
    expect(certificate.checkHost('localhost')).toBe('localhost');
    expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(certificate.checkHost('elsewhere')).toBeUndefined();
    expect(certificate.verify(new X509Certificate(pki.caPem).publicKey)).toBe(true);
    expect(certificate.ca).toBe(false);
  });

  test('puts user and groups into client certificates', async () => {
    const pki = await createPki();
    const { certPem } = await pki.clientCertificate('admin', ['system:masters', 'crew']);
    const subject = new X509Certificate(certPem).subject.split('\n');
    expect(subject).toEqual(['O=system:masters', 'O=crew', 'CN=admin']);
  });

  test('keeps its key in a folder, readable by its owner only', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'trunkline-pki-'));
    try {
      const first = await createPki({ dir });
      const second = await createPki({ dir });
      expect(second.caPem).toBe(first.caPem);
      const { certPem } = await second.serverCertificate(['localhost']);
      const caKey = new X509Certificate(first.caPem).publicKey;
      expect(new X509Certificate(certPem).verify(caKey)).toBe(true);
      expect((await stat(join(dir, 'ca-key.pem'))).mode & 0o077).toBe(0);
    } finally {
      await rm(dir, { recursive: true });
    }
  });

  test('without a folder, each authority is its own', async () => {
    const [left, right] = await Promise.all([createPki(), createPki()]);
    const { certPem } = await left.serverCertificate(['localhost']);
    expect(new X509Certificate(certPem).verify(new X509Certificate(right.caPem).publicKey)).toBe(
      false,
    );
  });

  test('works for mutual TLS, and a foreign client certificate does not', async () => {
    const pki = await createPki();
    const server = await pki.serverCertificate(['127.0.0.1']);
    const listener = createServer(
      {
        cert: server.certPem,
        key: server.keyPem,
        ca: pki.caPem,
        requestCert: true,
        rejectUnauthorized: false,
      },
      (incoming, response) => {
        const socket = incoming.socket as TLSSocket;
        response.end(socket.authorized ? String(socket.getPeerCertificate().subject.CN) : 'no');
      },
    );
    await new Promise<void>((resolve) => {
      listener.listen(0, '127.0.0.1', resolve);
    });
    try {
      const { port } = listener.address() as AddressInfo;
      const own = await pki.clientCertificate('me', []);
      expect(await fetchText(port, pki.caPem, own)).toBe('me');
      const foreign = await (await createPki()).clientCertificate('me', []);
      expect(await fetchText(port, pki.caPem, foreign)).toBe('no');
    } finally {
      listener.closeAllConnections();
      listener.close();
    }
  });
});

function fetchText(
  port: number,
  ca: string,
  client: { certPem: string; keyPem: string },
): Promise<string> {
  return new Promise((resolve, reject) => {
    request(
      { host: '127.0.0.1', port, ca, cert: client.certPem, key: client.keyPem },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => resolve(text));
      },
    )
      .on('error', reject)
      .end();
  });
}
