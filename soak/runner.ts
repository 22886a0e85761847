import { spawnSync } from 'node:child_process';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '..');
const given = Number(process.argv[process.argv.indexOf('--studies') + 1]);
const studies = process.argv.includes('--studies') && given > 0 ? given : 1000;

// The test of the killed runner as `npm run test:unit` runs it, with as many studies as are asked for.
const vitest = path.join(ROOT, 'node_modules/vitest/vitest.mjs');
const killed = 'src/main/station/inference/runner-killed.test.ts';
const ran = spawnSync(process.execPath, [vitest, 'run', '--project', 'unit', killed], {
  cwd: ROOT,
  stdio: 'inherit',
  env: { ...process.env, RUNNER_KILL_STUDIES: String(studies) },
});
process.exitCode = ran.status ?? 1;
