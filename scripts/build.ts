import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Built, digestInputs, isFresh, writeStamp } from './freshness.ts';
import { ROOT, runCommand } from './run-command.ts';

type Part = Built & { readonly command: string; readonly args: readonly string[] };

const COMMON = ['src/shared', 'package-lock.json', 'tsconfig.base.json', 'scripts/notices.ts'];

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
  outputs: ['index', 'station', 'runner', 'preparer', 'reader']
    .map((name) => `out/main/${name}.js`)
    .concat('out/preload/index.cjs', 'out/renderer/index.html'),
  command: 'electron-vite',
  args: ['build', '--logLevel', 'warn'],
};

/** Builds the page into out/renderer unless it stands there from the same inputs; says whether it built, and before that that it begins. Throws with the builder's words. */
export async function buildPageIfStale(onBegin?: () => void): Promise<boolean> {
  return buildIfStale(PAGE, onBegin);
}

/** Builds everything the desktop app loads into out/ unless it stands there from the same inputs; says whether it built. */
export async function buildDesktopIfStale(onBegin?: () => void): Promise<boolean> {
  const pageDigest = digestInputs(ROOT, PAGE);
  const built = await buildIfStale(DESKTOP, onBegin);
  if (built) writeStamp(ROOT, PAGE, pageDigest); // electron-vite has built the page with the rest
  return built;
}

async function buildIfStale(part: Part, onBegin?: () => void): Promise<boolean> {
  // Taken before building: a file saved meanwhile makes the part stale again.
  const digest = digestInputs(ROOT, part);
  if (isFresh(ROOT, part, digest)) return false;
  onBegin?.();
  const { exitCode, output } = await runCommand(part.command, part.args);
  const missing = part.outputs.filter((file) => !existsSync(path.join(ROOT, file)));
  if (exitCode !== 0 || missing.length > 0) {
    const why = missing.length > 0 ? ` It left out ${missing.join(', ')}.` : '';
    throw new Error(`The ${part.name} could not be built.${why}\n${output}`);
  }
  writeStamp(ROOT, part, digest);
  return true;
}

if (import.meta.main) {
  for (const [name, build] of [
    ['page', buildPageIfStale],
    ['desktop', buildDesktopIfStale],
  ] as const) {
    console.log(`${name}: ${(await build()) ? 'built' : 'up to date'}`);
  }
}
