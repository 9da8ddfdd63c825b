import { EC2 } from '@aws-sdk/client-ec2';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OMITTED_WHEN_EMPTY } from '../../src/ec2/codec/empty-lists.ts';
import { EC2_MODEL } from '../../src/ec2/codec/services.ts';
import { startBotocore, type Botocore } from './botocore.ts';
import { findGoReader } from './go-reader.ts';
import { goldenAnswers, type GoldenAnswer } from './golden-answers.ts';
import { listStates, type ListState, type ListStates } from './list-states.ts';
import { pythonClients } from './python-clients.ts';

/**
 * What clients see where an object has no tags, or no parts of a kind: an empty list or nothing.
 * The answers are kept byte for byte in `golden/`, one element a line; `vitest -u` writes them anew.
 */
const { bare, none } = await goldenAnswers();

/** What AWS sends (spec: ec2-surface 1.2, 2.1). */
const AS_AWS: readonly (readonly [list: string, state: ListState])[] = [
  ['Instance.Tags', 'absent'],
  ['Vpc.Tags', 'absent'],
  ['Subnet.Tags', 'absent'],
  ['SecurityGroup.Tags', 'absent'],
  ['NetworkInterface.TagSet', 'empty'],
  ['SecurityGroupRule.Tags', 'empty'],
  ['RouteTable.Tags', 'empty'],
  ['Instance.NetworkInterfaces', 'empty'],
];

const clients = await pythonClients();
const noPython = 'skipped' in clients ? clients.skipped : undefined;
const go = findGoReader();
const noGo = 'skipped' in go ? go.skipped : undefined;

/** All answers as one client reads them, in order. */
type Read = (answers: readonly GoldenAnswer[]) => Promise<readonly unknown[]>;

/** The SDK with a wire that answers always the same. */
async function readByJavaScript(answers: readonly GoldenAnswer[]): Promise<readonly unknown[]> {
  return Promise.all(
    answers.map(async ({ action, xml }) => {
      const headers = { 'content-type': 'text/xml;charset=UTF-8' };
      const client = new EC2({
        region: 'us-east-1',
        credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
        requestHandler: {
          handle: async () => ({
            response: { statusCode: 200, headers, body: Readable.from([Buffer.from(xml)]) },
          }),
        },
      });
      const method = `${action[0]?.toLowerCase()}${action.slice(1)}`;
      const methods = client as unknown as Record<string, (input: object) => Promise<object>>;
      return methods[method]!({});
    }),
  );
}

let botocore: Botocore;
beforeAll(() => {
  if ('python' in clients) botocore = startBotocore(clients);
});
afterAll(() => botocore?.close());

const READERS: readonly (readonly [name: string, missing: string | undefined, read: Read])[] = [
  ['the JavaScript SDK', undefined, readByJavaScript],
  [
    'botocore',
    noPython,
    (answers) =>
      botocore.parse(
        'ec2',
        answers.map(({ action, xml }) => [action, xml]),
      ),
  ],
  ['the Go SDK', noGo, async (answers) => ('read' in go ? go.read(answers) : [])],
];

async function statesIn(answers: readonly GoldenAnswer[], read: Read): Promise<ListStates[]> {
  const values = await read(answers);
  expect(values).toHaveLength(answers.length);
  return answers.map(({ action }, i) => listStates(EC2_MODEL.action(action)?.output, values[i]));
}

/** Lines `List: states`, sorted. */
function tableOf(states: readonly ListStates[]): string {
  const all = new Map<string, Set<ListState>>();
  for (const [list, found] of states.flatMap((each) => [...each]))
    all.set(list, new Set([...(all.get(list) ?? []), ...found]));
  const lines = [...all].map(([list, found]) => `${list}: ${[...found].sort().join(', ')}\n`);
  return lines.sort().join('');
}

describe('the answer of', () => {
  test.each(bare)('$name is as it was', async ({ name, xml }) => {
    await expect(xml.replaceAll('><', '>\n<')).toMatchFileSnapshot(`golden/${name}.xml`);
  });
});

describe.each(READERS)('%s', (_name, missing, read) => {
  test('sees empty lists as they are listed', async ({ skip }) => {
    if (missing !== undefined) return skip(missing);
    const table = tableOf(await statesIn(bare, read));
    await expect(table).toMatchFileSnapshot('golden/empty-lists.txt');
    const lines = table.split('\n');
    for (const [list, state] of AS_AWS) expect(lines).toContain(`${list}: ${state}`);
    for (const list of OMITTED_WHEN_EMPTY) expect(lines).not.toContain(`${list}: empty`);
  });

  test('sees an empty list where there is nothing', async ({ skip }) => {
    if (missing !== undefined) return skip(missing);
    const states = await statesIn(none, read);
    for (const [i, { action }] of none.entries())
      expect(
        [...states[i]!.values()].flatMap((each) => [...each]),
        action,
      ).toEqual(['empty']);
  });
});
