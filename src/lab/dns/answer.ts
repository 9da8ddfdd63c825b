import { RECORD_TYPES, RESPONSE_CODES, type DnsAnswer, type DnsRecord } from './message.ts';
import { CLUSTER_DOMAIN, type Zone } from './zone.ts';

/** Aliases followed in one answer. */
const LONGEST_CHAIN = 8;
/** `10-0-0-7.<namespace>.pod.cluster.local`, for any address: CoreDNS's `pods insecure`, as on EKS. */
const POD_NAME = new RegExp(
  `^(\\d{1,3})-(\\d{1,3})-(\\d{1,3})-(\\d{1,3})\\.[^.]+\\.pod\\.${CLUSTER_DOMAIN.replace('.', '\\.')}$`,
);

/** Answers by a zone. */
export class Answerer {
  readonly #zone: Zone;
  /** Names that have no records but stand above some that have: they exist. */
  readonly #inner: ReadonlySet<string>;

  constructor(zone: Zone) {
    this.#zone = zone;
    this.#inner = new Set(Object.keys(zone).flatMap(ancestors));
  }

  /** The records of a type for a name, and those of the aliases on the way. */
  answer(name: string, type: number): DnsAnswer {
    const records: DnsRecord[] = [];
    let now = name;
    for (let step = 0; step < LONGEST_CHAIN; step++) {
      const found = this.#recordsOf(now);
      if (!found)
        return { code: records.length > 0 ? RESPONSE_CODES.ok : this.#missing(now), records };
      const wanted = found.filter(
        (record) => type === RECORD_TYPES.ANY || RECORD_TYPES[record.type] === type,
      );
      const alias = found.flatMap((record) => (record.type === 'CNAME' ? [record] : []))[0];
      if (wanted.length > 0 || !alias) {
        records.push(...wanted);
        break;
      }
      records.push(alias);
      now = alias.target;
    }
    return { code: RESPONSE_CODES.ok, records };
  }

  #missing(name: string): number {
    return this.#inner.has(name) ? RESPONSE_CODES.ok : RESPONSE_CODES.noSuchName;
  }

  #recordsOf(name: string): readonly DnsRecord[] | undefined {
    if (Object.hasOwn(this.#zone, name)) return this.#zone[name];
    const bytes = POD_NAME.exec(name)?.slice(1);
    if (!bytes || bytes.some((byte) => Number(byte) > 255)) return undefined;
    return [{ type: 'A', name, address: bytes.map(Number).join('.') }];
  }
}

function ancestors(name: string): readonly string[] {
  const labels = name.split('.');
  return labels.map((_, i) => labels.slice(i + 1).join('.')).filter((each) => each !== '');
}
