import { buildDesktopIfStale, buildPageIfStale } from './build.ts';
import { CHECK_LANES } from './check-steps.ts';
import { conclude, functionStep, runLanes, testStep } from './step.ts';

const startedMs = performance.now();
const checked = await runLanes(CHECK_LANES);
const built = await runLanes([
  [
    functionStep('page build', async () => void (await buildPageIfStale())),
    functionStep('desktop build', async () => void (await buildDesktopIfStale())),
  ],
]);
// Side by side: each starts stations and browsers of its own, and waits for them most of its time.
const spanning = await runLanes([
  [testStep('system', 'system', ['test/system', 'test/faults'])],
  [testStep('e2e', 'e2e', ['test/e2e'])],
]);
process.exitCode = conclude([...checked, ...built, ...spanning], startedMs);
