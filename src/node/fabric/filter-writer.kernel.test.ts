import { createNftBatch } from '../../io/nft-batch.ts';
import { createNft } from '../../io/nft.ts';
import { filterWriterContract, type WriterUnderTest } from './filter-writer.contract.ts';
import { netlinkWriter, textWriter } from './filter-writer.ts';

function byText(netns: string): WriterUnderTest {
  return { writer: textWriter(createNft(), netns), close: () => {} };
}

function byNetlink(netns: string): WriterUnderTest {
  const batch = createNftBatch();
  return { writer: netlinkWriter({ nft: createNft(), batch }, netns), close: () => batch.close() };
}

filterWriterContract('scripts of nft', byText, byNetlink);
filterWriterContract('nfnetlink', byNetlink, byText);
