import { must } from '../../base/assert.ts';
import { compile } from '../../dataplane/compile.ts';
import { renderProgram } from '../../dataplane/render.ts';
import type { FabricState } from '../../dataplane/state.ts';
import { wirePacket } from '../../policy/conformance/evaluator.ts';
import { objectsOf, TABLE_VPC } from '../../policy/conformance/objects.ts';
import type { FlowPacket, TableWorld, Target } from '../../policy/conformance/table.ts';
import { hasAddress, worldFromObjects } from '../../policy/world.ts';
import { formatIp } from '../../base/ip.ts';
import { FabricBed } from '../fabric-bed/bed.ts';
import { LOCAL_SLOTS, UPLINK, linkOf, macOf } from '../fabric-bed/slots.ts';

/** Flows that no step names again begin at ports of their own, so that none is taken for another. */
const FIRST_OTHER_PORT = 40_000;
/** Who sends from outside. */
const OUTSIDE_SLOT = 99;

/**
 * Real packets through a fabric with the filter that agents load, in this process's namespaces: each
 * interface of a table is a port, in the order of the table; everything else is behind the uplink.
 */
export const FABRIC: Target = {
  name: 'lab',
  open: async (first) => {
    let state = stateOf(first);
    let count = 0;
    const addresses = state.ports.map((port) => port.addresses.map(formatIp));
    const bed = await FabricBed.create(`c${process.pid}`, addresses);
    await bed.load(renderProgram(compile(state)));
    return {
      cannot: ({ packet: { protocol }, way }) =>
        protocol === 6 && way !== 'first' ? 'connections of TCP are not played here' : undefined,
      send: async (one) => {
        count += 1;
        const { links } = await bed.probe([framed(state, one, FIRST_OTHER_PORT + count)]);
        return links[0] !== undefined;
      },
      change: async (next) => {
        state = stateOf(next);
        await bed.load(renderProgram(compile(state)));
      },
      close: () => bed.close(),
    };
  },
};

function stateOf(table: TableWorld): FabricState {
  const world = worldFromObjects(objectsOf(table));
  const ports = world.interfaces.slice(0, LOCAL_SLOTS).map((view, slot) => ({
    ...view,
    link: linkOf(slot),
    mac: macOf(slot),
  }));
  return { world, ports, uplinks: [UPLINK] };
}

function framed({ ports, world }: FabricState, one: FlowPacket, otherPort: number) {
  const wire = wirePacket(one);
  const packet = one.flow === undefined ? { ...wire, sourcePort: otherPort } : wire;
  const slot = ports.findIndex((_port, i) => {
    const view = must(world.interfaces[i], () => `no interface ${i}`);
    return view.vpcId === TABLE_VPC && hasAddress(view, packet.source);
  });
  const inLink = slot < 0 ? UPLINK : linkOf(slot);
  return { packet, inLink, outLink: '', sourceMac: macOf(slot < 0 ? OUTSIDE_SLOT : slot) };
}
