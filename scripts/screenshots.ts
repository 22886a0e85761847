import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { buildPageIfStale } from './build.ts';
import { ROOT, runCommand } from './run-command.ts';

// Takes the pictures of pages anew: the browser tests keep what they see only when told where. One file of tests after the other, and
// the pictures of each take the place of those before as soon as all of its tests held; what another one makes stays. With
// `--only NAME`, as often as wanted, only the files with that in their name. When all were run and all held, pictures that nobody
// takes any more go.

const FOLDER = path.join(ROOT, 'docs/screenshots');
const TESTS = path.join(ROOT, 'test/e2e');
/** All together: more would weigh on everybody who fetches the project. */
const MOST_BYTES = 16 * 2 ** 20;
/** A test that keeps pictures does many times what it does where none is wanted. */
const LONGEST_MS = 1_800_000;

/** The browser tests that keep pictures where they are told to: they say so themselves. */
function picturedTests(): readonly string[] {
  return readdirSync(TESTS).filter(
    (name) => name.endsWith('.test.ts') && readFileSync(path.join(TESTS, name), 'utf8').includes("judge-page.ts'"),
  );
}

const picturesIn = (folder: string) => readdirSync(folder).filter((name) => name.endsWith('.png'));

/** The same picture with few colours, not scattered, so that surfaces and texts stay sharp: a third of its weight. Below a quality of 90 the red of a Critical beside an image turns amber. */
const withFewerColours = (png: Buffer) =>
  sharp(png).removeAlpha().png({ palette: true, quality: 95, dither: 0, effort: 7, compressionLevel: 9 }).toBuffer();

/** Runs one file of tests and puts what it took in its place; gives the names, or null where a test did not hold. */
async function take(file: string): Promise<readonly string[] | null> {
  const taken = mkdtempSync(path.join(tmpdir(), 'wetread-pictures-'));
  process.env.SCREENSHOTS = taken;
  const args = ['run', '--project', 'e2e', '--testTimeout', String(LONGEST_MS), `test/e2e/${file}`];
  const { exitCode } = await runCommand('vitest', args, {
    told: (text) => void process.stdout.write(text),
  });
  if (exitCode !== 0) {
    console.log(`${file}: its pictures stay as they were; what was taken until then is in ${taken}`);
    return null;
  }
  const names = picturesIn(taken);
  for (const name of names) {
    const picture = await withFewerColours(readFileSync(path.join(taken, name)));
    writeFileSync(path.join(FOLDER, name), picture);
  }
  rmSync(taken, { recursive: true });
  return names;
}

const { values } = parseArgs({ options: { only: { type: 'string', multiple: true } } });
const { only } = values;
const files = picturedTests().filter((file) => only === undefined || only.some((name) => file.includes(name)));
if (files.length === 0) throw new Error('no browser test that takes pictures is called so');
await buildPageIfStale();
mkdirSync(FOLDER, { recursive: true });
const outcomes: (readonly string[] | null)[] = [];
for (const file of files) outcomes.push(await take(file));
const names = outcomes.flatMap((one) => one ?? []);
const isWhole = only === undefined && !outcomes.includes(null);
const gone = isWhole ? picturesIn(FOLDER).filter((name) => !names.includes(name)) : [];
for (const name of gone) rmSync(path.join(FOLDER, name));

const bytes = picturesIn(FOLDER).reduce((sum, name) => sum + statSync(path.join(FOLDER, name)).size, 0);
console.log(
  `${names.length} pictures taken; all ${picturesIn(FOLDER).length} weigh ${(bytes / 2 ** 20).toFixed(1)} MiB`,
);
if (gone.length > 0) console.log(`Taken by nobody any more: ${gone.join(', ')}`);
if (bytes > MOST_BYTES) console.log(`That is more than ${MOST_BYTES / 2 ** 20} MiB: do not keep them like this.`);
process.exitCode = outcomes.includes(null) || bytes > MOST_BYTES ? 1 : 0;
