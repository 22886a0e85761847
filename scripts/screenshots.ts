import { buildPageIfStale } from './build.ts';
import { runCommand } from './run-command.ts';

// Takes the pictures of every page in every state anew: the browser tests keep what they see only when told where. With --looks
// also in light and in a large window.
await buildPageIfStale();
process.env.SCREENSHOTS = 'docs/screenshots';
if (process.argv.includes('--looks')) process.env.SCREENSHOT_LOOKS = 'all';
const pictured = [
  'screenshots',
  'archive',
  'media',
  'corrections',
  'models',
  'models-governing',
  'models-states',
  'receipts',
].map((name) => `test/e2e/${name}.test.ts`);
const { exitCode, output } = await runCommand('vitest', ['run', '--project', 'e2e', ...pictured]);
process.stdout.write(output);
process.exitCode = exitCode;
