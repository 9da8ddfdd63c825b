/**
 * Turns overlapping rules into disjoint set elements that admit exactly the same packets. Concatenated
 * interval sets of nftables refuse elements that overlap (spec/measurements.md 3), and rules only ever
 * allow, so what another element covers already can be left out.
 */
import { cidrAround, type Cidr } from '../base/cidr.ts';
import { subtractPortRanges, type PortRange } from '../base/port-range.ts';

/** Some numbers (ports, protocols, or packed ICMP types) towards one block of addresses. */
export interface Block {
  readonly cidr: Cidr;
  readonly range: PortRange;
}

/**
 * Blocks of addresses nest or are disjoint, never anything between. So each block keeps the numbers
 * that no block around it has: results with one CIDR have disjoint ranges, nested CIDRs share no
 * number, and other CIDRs share no address.
 */
export function disjointBlocks(blocks: readonly Block[]): readonly Block[] {
  const byCidr = Map.groupBy(blocks, (block) => blockText(block.cidr));
  const own = [...byCidr.values()].flatMap((same) => {
    const [first] = same;
    return first ? [{ cidr: first.cidr, ranges: same.map((block) => block.range) }] : [];
  });
  const lengths = [...new Set(own.map(({ cidr }) => cidr.prefixBits))];
  const byText = new Map(own.map((one) => [blockText(one.cidr), one.ranges]));
  return own.flatMap(({ cidr, ranges }) => {
    const around = lengths.filter((bits) => bits < cidr.prefixBits);
    const address = { family: cidr.family, value: cidr.first };
    const covered = around.flatMap(
      (bits) => byText.get(blockText(cidrAround(address, bits))) ?? [],
    );
    return subtractPortRanges(ranges, covered).map((range) => ({ cidr, range }));
  });
}

function blockText({ family, first, prefixBits }: Cidr): string {
  return `${family} ${first} ${prefixBits}`;
}

/** A box of ICMP types and codes. */
export interface IcmpBox {
  readonly types: PortRange;
  readonly codes: PortRange;
}

/** Type and code as one number, type first, so that ranges of ICMP work like ranges of ports. */
export function packIcmp(type: number | undefined, code: number | undefined): PortRange {
  if (type === undefined) return { first: 0, last: 65_535 };
  if (code === undefined) return { first: type << 8, last: (type << 8) | 255 };
  return { first: (type << 8) | code, last: (type << 8) | code };
}

/** The disjoint boxes that hold exactly the packed numbers of the range: three at most. */
export function unpackIcmp(range: PortRange): readonly IcmpBox[] {
  const firstType = range.first >> 8;
  const lastType = range.last >> 8;
  const firstCode = range.first & 255;
  const lastCode = range.last & 255;
  if (firstType === lastType)
    return [{ types: only(firstType), codes: { first: firstCode, last: lastCode } }];
  const head = firstCode === 0 ? firstType : firstType + 1;
  const tail = lastCode === 255 ? lastType : lastType - 1;
  const boxes: IcmpBox[] = [];
  if (head > firstType)
    boxes.push({ types: only(firstType), codes: { first: firstCode, last: 255 } });
  if (head <= tail)
    boxes.push({ types: { first: head, last: tail }, codes: { first: 0, last: 255 } });
  if (tail < lastType) boxes.push({ types: only(lastType), codes: { first: 0, last: lastCode } });
  return boxes;
}

function only(value: number): PortRange {
  return { first: value, last: value };
}
