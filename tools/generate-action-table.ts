/**
 * Writes the tables of `docs/vpc-api.md`: every action of the services with its state, filters and
 * errors, from the sources. The text around them is written by hand. Run: npm run docs:vpc-api
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Model } from '../src/ec2/codec/model.ts';
import { EKS_MODEL } from '../src/ec2/codec/services.ts';
import type { Handler } from '../src/vpc/context.ts';
import { SERVICES } from '../src/vpc/dispatch.ts';
import { EKS_ACTIONS } from '../src/vpc/eks/actions.ts';
import { readSources, type Sources } from './action-errors.ts';
import { createFilterProbe, type FilterProbe } from './action-filters.ts';
import { TIER_A, TIER_B, TIER_C } from './action-tiers.ts';

const PATH = join(resolve(import.meta.dirname, '..'), 'docs/vpc-api.md');
const BEGIN = '<!-- generated: npm run docs:vpc-api -->';
const END = '<!-- end of generated -->';

interface Service {
  readonly name: string;
  readonly model: Model;
  readonly actions: Readonly<Record<string, Handler>>;
}

/** Errors that every action of EC2 shares. */
const SHARED = new Set([
  'DryRunOperation',
  'InvalidParameterValue',
  'MissingParameter',
  'UnauthorizedOperation',
]);

/** The generated part of the document. */
export async function renderTables(): Promise<string> {
  const services: readonly Service[] = [
    ...SERVICES,
    { name: 'eks', model: EKS_MODEL, actions: EKS_ACTIONS },
  ];
  const sources = readSources();
  const probe = createFilterProbe();
  const parts: string[] = [renderTiers()];
  for (const service of services) parts.push(await renderService(service, { sources, probe }));
  return parts.join('\n');
}

function renderTiers(): string {
  const implemented = new Set(SERVICES.flatMap(({ actions }) => Object.keys(actions)));
  const tiers = [
    ['A', 'the EKS controller, the VPC CNI and their test suites', TIER_A],
    ['B', 'what users manage', TIER_B],
    ['C', 'nice to have', TIER_C],
  ] as const;
  const rows = tiers.map(([name, what, actions]) => {
    const missing = [...actions].filter((action) => !implemented.has(action)).sort();
    const done = actions.size - missing.length;
    return `| ${name} | ${what} | ${done} of ${actions.size} | ${missing.join(', ') || 'none'} |`;
  });
  return [
    '### Coverage\n',
    '| tier | for | implemented | missing |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

interface Tools {
  readonly sources: Sources;
  readonly probe: FilterProbe;
}

async function renderService(service: Service, tools: Tools): Promise<string> {
  const { name, model, actions } = service;
  const implemented = Object.keys(actions).toSorted();
  const others = model.actionNames.filter((each) => !Object.hasOwn(actions, each));
  const rows: string[] = [];
  for (const action of implemented) rows.push(await renderRow(service, action, tools));
  const title = name.toUpperCase();
  return [
    `### ${title}: ${implemented.length} of ${model.actionNames.length} actions\n`,
    '| action | tier | filters | errors besides the shared ones |',
    '|---|---|---|---|',
    ...rows,
    '',
    `<details><summary>${others.length} actions of ${title} that are decoded and refused</summary>\n`,
    `${others.join(', ')}\n`,
    '</details>\n',
  ].join('\n');
}

async function renderRow(
  { model, actions }: Service,
  name: string,
  { sources, probe }: Tools,
): Promise<string> {
  const action = model.action(name);
  const handler = actions[name];
  const filters = action && handler ? await probe(action, handler) : [];
  const declared = name.charAt(0).toLowerCase() + name.slice(1);
  const file = sources.findHandler(declared);
  const errors = (file === undefined ? [] : sources.codesOf(file, declared)).filter(
    (code) => !SHARED.has(code),
  );
  return `| ${name} | ${tierOf(name)} | ${filters.join(', ')} | ${errors.join(', ')} |`;
}

function tierOf(name: string): string {
  if (TIER_A.has(name)) return 'A';
  if (TIER_B.has(name)) return 'B';
  return TIER_C.has(name) ? 'C' : '';
}

/** The document with its generated part replaced. */
export function withTables(document: string, tables: string): string {
  const from = document.indexOf(BEGIN);
  const to = document.indexOf(END);
  if (from < 0 || to < from) throw new Error(`${PATH} lacks the marks of its generated part`);
  return `${document.slice(0, from + BEGIN.length)}\n\n${tables}\n${document.slice(to)}`;
}

if (import.meta.main) {
  writeFileSync(PATH, withTables(readFileSync(PATH, 'utf8'), await renderTables()));
  console.log(`Wrote ${PATH}`);
}
