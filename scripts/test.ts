import { buildDesktopIfStale } from './build.ts';
import { CHECK_LANES } from './check-steps.ts';
import { conclude, functionStep, runLanes, testStep } from './step.ts';

const startedMs = performance.now();
const build = functionStep('build', async () => void (await buildDesktopIfStale()));
const [tests, others] = CHECK_LANES;
// The longest lane begins at once: browsers and stations are waited for half of their time, which the others fill. The
// bundles that `system` looks at are built long before it begins.
const outcomes = await runLanes([
  [build, testStep('e2e', 'e2e', ['test/e2e'])],
  [...tests, testStep('system', 'system', ['test/system', 'test/faults'])],
  others,
]);
process.exitCode = conclude(outcomes, startedMs);
