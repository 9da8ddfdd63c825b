/** A reporter of Node's test runner for `tools/test.mjs`: one JSON object with what its summary needs. */
export default async function* report(events) {
  const tests = [];
  let suite = '';
  for await (const { type, data } of events) {
    if (type === 'test:start' && data.nesting === 0) suite = data.name;
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    if (data.details.type === 'suite' && type === 'test:pass') continue;
    tests.push({ file: 'test/vlan', name: `${suite} > ${data.name}`, ...stateOf(type, data) });
  }
  yield JSON.stringify({ tests, broken: 0 });
}

function stateOf(type, { skip }) {
  if (type === 'test:fail') return { state: 'failed' };
  if (skip === undefined) return { state: 'passed' };
  return { state: 'skipped', ...(typeof skip === 'string' && { reason: skip }) };
}
