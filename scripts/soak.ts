import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './run-command.ts';

const names = readdirSync(path.join(ROOT, 'soak'))
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  .map((file) => path.basename(file, '.ts'));

const [wanted, ...rest] = process.argv.slice(2);
if (wanted === undefined || !names.includes(wanted)) {
  console.error(`Which soak? npm run soak -- ${names.join(' | ')}`);
  process.exitCode = 2;
} else {
  // A process of its own, under the Node that runs this one.
  const ran = spawnSync(process.execPath, [path.join(ROOT, 'soak', `${wanted}.ts`), ...rest], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  process.exitCode = ran.status ?? 1;
}
