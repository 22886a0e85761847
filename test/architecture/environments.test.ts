import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const fixtures = 'test/architecture/fixtures/types';
const MARK = '// must not compile';

/** A folder's environment, and a file that asks for what that environment must not give. */
const CANARIES = [
  { environment: 'src/shared', canary: 'shared-uses-node-and-page.ts' },
  { environment: 'src/main/station', canary: 'station-uses-page.ts' },
  { environment: 'src/main/desktop', canary: 'desktop-uses-page.ts' },
  { environment: 'src/renderer', canary: 'renderer-uses-node.ts' },
] as const;

/** The lines of the canary the compiler refuses when it stands among the real files of that environment. */
async function refusedLines(folder: string, environment: string, canary: string): Promise<readonly number[]> {
  const settings = path.join(folder, `${canary}.tsconfig.json`);
  // The environment's own files come along: one of their packages could bring in types the folder must not see.
  const alone = { composite: false, incremental: false, declaration: false, emitDeclarationOnly: false, noEmit: true };
  writeFileSync(
    settings,
    JSON.stringify({
      extends: path.join(root, environment, 'tsconfig.json'),
      compilerOptions: alone,
      include: ['ts', 'tsx'].map((extension) => path.join(root, environment, `**/*.${extension}`)),
      exclude: ['ts', 'tsx']
        .map((extension) => path.join(root, environment, `**/*.test.${extension}`))
        .concat(
          path.join(root, environment, '*.config.ts'), // the builder's, and the builder runs in Node
        ),
      files: [path.join(root, fixtures, canary)],
      references: [],
    }),
  );
  const compiler = path.join(root, 'node_modules/@typescript/native/bin/tsc');
  const output = await new Promise<string>((resolve) => {
    execFile(
      process.execPath,
      [compiler, '-p', settings, '--pretty', 'false'],
      { cwd: root, maxBuffer: 64 << 20 },
      (_, stdout) => resolve(stdout),
    );
  });
  const lines = [...output.matchAll(/^(\S+?)\((\d+),\d+\): error TS/gm)].filter(([, file]) =>
    file?.endsWith(`/${canary}`),
  );
  return [...new Set(lines.map(([, , line]) => Number(line)))];
}

describe('each folder sees the types of its environment only', () => {
  const refused = new Map<string, readonly number[]>();
  let folder = '';

  beforeAll(async () => {
    mkdirSync(path.join(root, '.cache'), { recursive: true });
    folder = mkdtempSync(path.join(root, '.cache/environments-'));
    for (const { environment, canary } of CANARIES)
      refused.set(canary, await refusedLines(folder, environment, canary));
  }, 60_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each(CANARIES)('$environment refuses every marked line of $canary, and no other', ({ canary }) => {
    const marked = readFileSync(path.join(root, fixtures, canary), 'utf8')
      .split('\n')
      .flatMap((line, index) => (line.endsWith(MARK) ? [index + 1] : []));
    expect(marked.length).toBeGreaterThan(0);
    expect(refused.get(canary)).toEqual(marked);
  });
});
