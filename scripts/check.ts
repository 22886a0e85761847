import { CHECK_LANES } from './check-steps.ts';
import { conclude, runLanes } from './step.ts';

const startedMs = performance.now();
process.exitCode = conclude(await runLanes(CHECK_LANES), startedMs);
