import type { Filter } from '@aws-sdk/client-ec2';
import type { Instance } from '../../api/vpc/instance.ts';
import type { Call } from '../context.ts';
import { selectObjects } from '../describe.ts';
import type { FilterTable } from '../filters.ts';
import { sees } from '../own.ts';

/** Terminated instances stay listed for about an hour, as on AWS. */
const TERMINATED_SHOWN_MS = 3_600_000;

/** The caller's instances with these ids, or those that pass the filters. */
export function listedInstances(
  call: Call,
  request: {
    readonly ids?: readonly string[] | undefined;
    readonly filters?: readonly Filter[] | undefined;
    readonly table?: FilterTable<Instance>;
  },
): Instance[] {
  return selectObjects(
    call.store.instances,
    { ids: request.ids, filters: request.filters },
    {
      table: request.table ?? { filters: {} },
      visible: (instance) => sees(call, instance) && isListed(call, instance),
    },
  );
}

function isListed(call: Call, { spec }: Instance): boolean {
  if (spec.terminatedAt === undefined) return true;
  return call.clock.nowMs() - Date.parse(spec.terminatedAt) < TERMINATED_SHOWN_MS;
}
