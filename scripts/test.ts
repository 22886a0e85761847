import { buildDesktopIfStale, buildPageIfStale } from './build.ts';
import { CHECK_LANES } from './check-steps.ts';
import { conclude, functionStep, runLanes, testStep } from './step.ts';

const startedMs = performance.now();
const checked = await runLanes(CHECK_LANES);
// One after the other: each of these starts stations and browsers of its own.
const spanning = await runLanes([
  [
    functionStep('page build', async () => void (await buildPageIfStale())),
    functionStep('desktop build', async () => void (await buildDesktopIfStale())),
    testStep('system', 'system', ['test/system', 'test/faults']),
    testStep('e2e', 'e2e', ['test/e2e']),
  ],
]);
process.exitCode = conclude([...checked, ...spanning], startedMs);
