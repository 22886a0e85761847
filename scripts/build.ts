import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT, runCommand } from './run-command.ts';

/** What is built, what it is built of, and what stands when it is. */
type Part = {
  readonly name: 'page' | 'desktop';
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly command: string;
  readonly args: readonly string[];
};

const COMMON = ['src/shared', 'package-lock.json', 'tsconfig.base.json'];

const PAGE: Part = {
  name: 'page',
  inputs: [...COMMON, 'src/renderer'],
  outputs: ['out/renderer/index.html'],
  command: 'vite',
  args: ['build', '--config', 'src/renderer/vite.config.ts', '--logLevel', 'warn'],
};

const DESKTOP: Part = {
  name: 'desktop',
  inputs: [...COMMON, 'src/renderer', 'src/main', 'src/preload', 'electron.vite.config.ts'],
  outputs: ['out/main/index.js', 'out/preload/index.cjs', 'out/renderer/index.html'],
  command: 'electron-vite',
  args: ['build', '--logLevel', 'warn'],
};

/** Builds the page into out/renderer unless it stands there from the same inputs; says whether it built. Throws with the builder's words. */
export async function buildPageIfStale(): Promise<boolean> {
  return buildIfStale(PAGE);
}

/** Builds everything the desktop app loads into out/ unless it stands there from the same inputs; says whether it built. */
export async function buildDesktopIfStale(): Promise<boolean> {
  const built = await buildIfStale(DESKTOP);
  if (built) writeStamp(PAGE); // electron-vite has built the page with the rest
  return built;
}

async function buildIfStale(part: Part): Promise<boolean> {
  if (isFresh(part)) return false;
  const { exitCode, output } = await runCommand(part.command, part.args);
  const missing = part.outputs.filter((file) => !existsSync(path.join(ROOT, file)));
  if (exitCode !== 0 || missing.length > 0) {
    const why = missing.length > 0 ? ` It left out ${missing.join(', ')}.` : '';
    throw new Error(`The ${part.name} could not be built.${why}\n${output}`);
  }
  writeStamp(part);
  return true;
}

function isFresh(part: Part): boolean {
  const stamp = stampFile(part);
  const stands = [stamp, ...part.outputs.map((file) => path.join(ROOT, file))].every((file) => existsSync(file));
  return stands && readFileSync(stamp, 'utf8') === digestOf(part.inputs);
}

function writeStamp(part: Part): void {
  mkdirSync(path.join(ROOT, 'out'), { recursive: true });
  writeFileSync(stampFile(part), digestOf(part.inputs));
}

function stampFile({ name }: Part): string {
  return path.join(ROOT, 'out', `${name}.sha256`);
}

/** By content, not by time: a fresh clone and a switched branch change every time. */
function digestOf(inputs: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of inputs.flatMap(filesBelow))
    hash
      .update(`${file}\0`)
      .update(readFileSync(path.join(ROOT, file)))
      .update('\0');
  return hash.digest('hex');
}

function filesBelow(input: string): readonly string[] {
  const place = path.join(ROOT, input);
  if (!existsSync(place)) return [];
  if (statSync(place).isFile()) return [input];
  return readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.test\.tsx?$/.test(entry.name))
    .map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name)))
    .toSorted();
}

if (import.meta.main) {
  for (const [name, build] of [
    ['desktop', buildDesktopIfStale],
    ['page', buildPageIfStale],
  ] as const) {
    console.log(`${name}: ${(await build()) ? 'built' : 'up to date'}`);
  }
}
