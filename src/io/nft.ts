import { NftError, type NetnsPath, type Nft } from '../base/network.ts';
import { runInNetns } from './netns-exec.ts';

/** The Nft port over the `nft` command: one process per transaction, about 5 ms. */
export function createNft(): Nft {
  return { apply, list };
}

async function apply(netns: NetnsPath, script: string): Promise<void> {
  const { status, stderr } = await runInNetns(netns, ['nft', '-f', '-'], script);
  if (status !== 0) throw nftError(status, stderr);
}

async function list(netns: NetnsPath, what: string): Promise<string> {
  const command = ['nft', 'list', ...what.split(' ').filter(Boolean)] as const;
  const { status, stdout, stderr } = await runInNetns(netns, ['nft', ...command.slice(1)]);
  if (status !== 0) throw nftError(status, stderr);
  return stdout;
}

/** The one place where text of nft becomes a code. */
export function nftError(status: number | undefined, stderr: string): NftError {
  const text = stderr.trim();
  return new NftError(
    codeOf(status, text),
    `nft failed: ${text.split('\n').slice(0, 3).join(' ')}`,
  );
}

function codeOf(status: number | undefined, text: string): NftError['code'] {
  if (status === undefined || /nsenter: |Operation not permitted/.test(text)) return 'unavailable';
  if (/No such file or directory/.test(text)) return 'not-found';
  if (/File exists/.test(text)) return 'exists';
  return 'invalid';
}
