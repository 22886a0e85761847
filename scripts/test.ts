import { buildDesktopIfStale } from './build.ts';
import { CHECK_LANES } from './check-steps.ts';
import { conclude, functionStep, runLanes, testStep } from './step.ts';

const startedMs = performance.now();
// The page is built with the rest of the desktop app, behind the shorter of the two lanes.
const build = functionStep('build', async () => void (await buildDesktopIfStale()));
const [tests, others] = CHECK_LANES;
const checked = await runLanes([tests, [...others, build]]);
// Side by side: each starts stations and browsers of its own, and waits for them most of its time.
const spanning = await runLanes([
  [testStep('system', 'system', ['test/system', 'test/faults'])],
  [testStep('e2e', 'e2e', ['test/e2e'])],
]);
process.exitCode = conclude([...checked, ...spanning], startedMs);
