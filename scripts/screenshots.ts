import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildPageIfStale } from './build.ts';
import { withFewerColours } from './fewer-colours.ts';
import { ROOT, runCommand } from './run-command.ts';

// Takes the pictures of every page in every state anew: the browser tests keep what they see only when told where. Pictures take the
// place of the ones before only when all of them were taken and nothing on any page was found wrong; those that nobody takes any more
// go. With --looks pages are taken in light and in a large window too, for looking at them, and docs/screenshots stays as it is.

const FOLDER = path.join(ROOT, 'docs/screenshots');
const TESTS = path.join(ROOT, 'test/e2e');
/** All together: more would weigh on everybody who fetches the project. */
const MOST_BYTES = 10 * 2 ** 20;

/** The browser tests that keep pictures where they are told to: they say so themselves. */
function picturedTests(): readonly string[] {
  return readdirSync(TESTS)
    .filter((name) => name.endsWith('.test.ts'))
    .filter((name) =>
      /process\.env\['SCREENSHOTS'\]|judge-page\.ts'/.test(readFileSync(path.join(TESTS, name), 'utf8')),
    )
    .map((name) => `test/e2e/${name}`);
}

const isPicture = (name: string) => name.endsWith('.png');

/** Puts what was taken in the place of what was there, where it is light enough; gives what there is to say of it. */
function exchange(taken: string): { readonly isDone: boolean; readonly said: string } {
  const pictures = new Map(
    readdirSync(taken)
      .filter(isPicture)
      .map((name) => [name, withFewerColours(readFileSync(path.join(taken, name)))] as const),
  );
  const bytes = pictures.values().reduce((sum, picture) => sum + picture.length, 0);
  const size = `${pictures.size} pictures, ${(bytes / 2 ** 20).toFixed(1)} MiB`;
  if (bytes > MOST_BYTES)
    return { isDone: false, said: `${size}: more than ${MOST_BYTES / 2 ** 20} MiB, kept in ${taken}` };
  mkdirSync(FOLDER, { recursive: true });
  const gone = readdirSync(FOLDER).filter((name) => isPicture(name) && !pictures.has(name));
  for (const name of gone) rmSync(path.join(FOLDER, name));
  for (const [name, picture] of pictures) writeFileSync(path.join(FOLDER, name), picture);
  rmSync(taken, { recursive: true });
  return { isDone: true, said: `${size}${gone.length > 0 ? `; taken by nobody any more: ${gone.join(', ')}` : ''}` };
}

await buildPageIfStale();
const taken = mkdtempSync(path.join(tmpdir(), 'wetread-pictures-'));
process.env.SCREENSHOTS = taken;
const isForLooking = process.argv.includes('--looks');
if (isForLooking) process.env.SCREENSHOT_LOOKS = 'all';
const { exitCode } = await runCommand('vitest', ['run', '--project', 'e2e', ...picturedTests()], {
  told: (text) => void process.stdout.write(text),
});
if (exitCode === 0 && isForLooking) console.log(`Every look of every page is in ${taken}`);
else if (exitCode === 0) {
  const { isDone, said } = exchange(taken);
  console.log(said);
  process.exitCode = isDone ? 0 : 1;
} else {
  console.log(`The pictures in docs/screenshots stay as they were; what was taken until then is in ${taken}`);
  process.exitCode = exitCode;
}
