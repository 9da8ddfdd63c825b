/** A reporter of Node's test runner for `tools/test.mjs`: one JSON object with what its summary needs. */
export default async function* report(events) {
  const tests = [];
  let suite = '';
  for await (const { type, data } of events) {
    if (type === 'test:start' && data.nesting === 0) suite = data.name;
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    if (data.details.type === 'suite' && !failsByItself(type, data)) continue;
    tests.push({ file: 'test/vlan', name: `${suite} > ${data.name}`, ...stateOf(type, data) });
  }
  yield JSON.stringify({ tests, broken: 0 });
}

/** A suite whose tests fail is told by them; one whose set-up or removal fails is not. */
function failsByItself(type, { details }) {
  return type === 'test:fail' && details.error?.failureType !== 'subtestsFailed';
}

function stateOf(type, { skip }) {
  if (type === 'test:fail') return { state: 'failed' };
  if (skip === undefined) return { state: 'passed' };
  return { state: 'skipped', ...(typeof skip === 'string' && { reason: skip }) };
}
