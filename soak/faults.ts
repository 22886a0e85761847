import { spawnSync } from 'node:child_process';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '..');
const given = Number(process.argv[process.argv.indexOf('--rounds') + 1]);
const rounds = process.argv.includes('--rounds') && given > 0 ? given : 100;

// The tests of test/faults as `npm run test:faults` runs them, with as many kills and power cuts as are asked for.
const vitest = path.join(ROOT, 'node_modules/vitest/vitest.mjs');
const ran = spawnSync(process.execPath, [vitest, 'run', '--project', 'system', 'test/faults'], {
  cwd: ROOT,
  stdio: 'inherit',
  env: { ...process.env, FAULT_ROUNDS: String(rounds) },
});
process.exitCode = ran.status ?? 1;
