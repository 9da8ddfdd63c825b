/** A vitest reporter for `tools/test.mjs`: one JSON file with what its summary needs, reasons of skipped tests included. */
import { writeFileSync } from 'node:fs';

/** Named by `--reporter`; vitest makes one per run. */
export default class TestReport {
  onTestRunEnd(modules, unhandledErrors) {
    const tests = modules.flatMap((module) =>
      Array.from(module.children.allTests(), (test) => ({
        file: module.relativeModuleId,
        name: test.fullName,
        ...stateOf(test.result()),
      })),
    );
    const broken = modules.filter((module) => module.errors().length > 0).length;
    const report = { tests, broken: broken + unhandledErrors.length };
    writeFileSync(process.env.TRUNKLINE_TEST_REPORT, JSON.stringify(report));
  }
}

function stateOf({ state, note }) {
  return { state, ...(note !== undefined && { reason: note }) };
}
