import type { NetnsState } from '../../base/network.ts';
import { CniError } from '../cni/errors.ts';
import type { AgentRequest } from '../cni/wire.ts';
import { branchLink, branchTable, MAIN_TABLE, PRIORITY } from '../wiring/names.ts';
import type { HandlerDeps } from './handlers.ts';
import type { Sandbox } from './sandbox.ts';

/** CHECK: fails when a link, route or rule of the sandbox is missing. */
export async function check(request: AgentRequest, deps: HandlerDeps): Promise<undefined> {
  const known = deps.store.get(request.containerId, request.ifName);
  if (!known)
    throw new CniError('unknownContainer', `container ${request.containerId} is not wired`);
  const missing = missingParts(known, await deps.network.read(deps.hostNetns));
  if (missing.length > 0)
    throw new CniError('wiringFailed', `missing on the host: ${missing.join(', ')}`);
  const inside = await deps.network.read(known.netns);
  if (!inside.addresses.some((one) => one.address === known.address))
    throw new CniError('wiringFailed', `address ${known.address} is missing in the pod`);
}

/** In words, what the host namespace lacks of a sandbox's wiring. */
export function missingParts(sandbox: Sandbox, state: NetnsState): string[] {
  return [
    ...linksOf(sandbox)
      .filter((name) => !state.links.some((link) => link.name === name && link.up))
      .map((name) => `link ${name}`),
    ...(hasRoute(sandbox, state) ? [] : [`route to ${sandbox.address}`]),
    ...rulesOf(sandbox)
      .filter((rule) => !state.rules.some((one) => sameRule(one, rule)))
      .map(ruleText),
  ];
}

type Rule = NetnsState['rules'][number];

function linksOf({ vlanId, hostLink }: Sandbox): string[] {
  return vlanId === undefined ? [hostLink] : [hostLink, branchLink(vlanId)];
}

function isStrict(sandbox: Sandbox): boolean {
  return sandbox.vlanId !== undefined && sandbox.mode !== 'standard';
}

function hasRoute(sandbox: Sandbox, state: NetnsState): boolean {
  const table = isStrict(sandbox) ? branchTable(sandbox.vlanId ?? 0) : MAIN_TABLE;
  const destination = `${sandbox.address}/32`;
  return state.routes.some(
    (one) =>
      one.destination === destination && one.table === table && one.link === sandbox.hostLink,
  );
}

function rulesOf(sandbox: Sandbox): Rule[] {
  const { vlanId, address } = sandbox;
  const toPod = { priority: PRIORITY.toPod, table: MAIN_TABLE, to: `${address}/32` };
  if (vlanId === undefined) return [toPod];
  const table = branchTable(vlanId);
  if (!isStrict(sandbox))
    return [toPod, { priority: PRIORITY.fromPod, table, from: `${address}/32` }];
  return linksOf(sandbox).map((inputLink) => ({ priority: PRIORITY.branch, table, inputLink }));
}

function sameRule(a: Rule, b: Rule): boolean {
  return ruleText(a) === ruleText(b) && a.priority === b.priority && a.table === b.table;
}

function ruleText({ inputLink, from, to }: Rule): string {
  if (inputLink !== undefined) return `rule iif ${inputLink}`;
  return from === undefined ? `rule to ${to}` : `rule from ${from}`;
}
