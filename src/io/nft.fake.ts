import { NftError, type NetnsPath, type Nft } from '../base/network.ts';

/**
 * An Nft that records scripts and keeps no tables. `failNext` makes the next apply fail, as the
 * kernel would refuse a bad script.
 */
export class FakeNft implements Nft {
  readonly scripts: { readonly netns: NetnsPath; readonly script: string }[] = [];
  #failure: NftError | undefined;

  failNext(failure: NftError): void {
    this.#failure = failure;
  }

  async apply(netns: NetnsPath, script: string): Promise<void> {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure) throw failure;
    this.scripts.push({ netns, script });
  }

  async list(netns: NetnsPath, what: string): Promise<string> {
    const last = this.scripts.findLast((one) => one.netns === netns);
    if (!last) throw new NftError('not-found', `nothing was applied in ${netns}: ${what}`);
    return last.script;
  }
}
