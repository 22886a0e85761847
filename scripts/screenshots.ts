import { buildPageIfStale } from './build.ts';
import { runCommand } from './run-command.ts';

// Takes the pictures of every page in every state anew: the browser tests keep what they see only when told where.
await buildPageIfStale();
process.env.SCREENSHOTS = 'docs/screenshots';
const pictured = ['screenshots', 'archive', 'media', 'corrections', 'models', 'receipts'].map(
  (name) => `test/e2e/${name}.test.ts`,
);
const { exitCode, output } = await runCommand('vitest', ['run', '--project', 'e2e', ...pictured]);
process.stdout.write(output);
process.exitCode = exitCode;
