import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

/** The environment's own files, without tests and without the builder's settings, which run in Node. */
function filesOf(environment: string): readonly string[] {
  return readdirSync(path.join(root, environment), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file) && !/\.(?:test\.tsx?|config\.ts)$/.test(file))
    .map((file) => path.join(root, environment, file));
}

/** The packages these files import: one of them could bring in types that the folder must not see. */
function packagesIn(files: readonly string[]): readonly string[] {
  const imports = files.flatMap((file) => [
    ...readFileSync(file, 'utf8').matchAll(/\b(?:from|import) '([^.'][^']*)'/g),
  ]);
  const names = imports.flatMap(([, name = '']) => (name.startsWith('node:') || /[?]|\.css$/.test(name) ? [] : [name]));
  return [...new Set(names)].toSorted();
}

/** The lines of the canary that the compiler refuses beside the packages and the declarations of that environment. */
async function refusedLines(folder: string, environment: string, canary: string): Promise<readonly number[]> {
  const settings = path.join(folder, `${canary}.tsconfig.json`);
  const packages = path.join(folder, `packages-of-${canary}`);
  const files = filesOf(environment);
  const alone = { composite: false, incremental: false, declaration: false, emitDeclarationOnly: false, noEmit: true };
  writeFileSync(
    packages,
    `${packagesIn(files)
      .map((name) => `import '${name}';`)
      .join('\n')}\nexport {};\n`,
  );
  writeFileSync(
    settings,
    JSON.stringify({
      extends: path.join(root, environment, 'tsconfig.json'),
      compilerOptions: alone,
      include: [],
      files: [path.join(root, fixtures, canary), packages, ...files.filter((file) => file.endsWith('.d.ts'))],
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
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each(CANARIES)('no file of $environment asks for other types by a comment', ({ environment }) => {
    const asking = filesOf(environment).filter((file) => /^\/\/\/\s*<reference/m.test(readFileSync(file, 'utf8')));
    expect(asking.map((file) => path.relative(root, file))).toEqual([]);
  });

  test.each(CANARIES)('$environment refuses every marked line of $canary, and no other', ({ canary }) => {
    const marked = readFileSync(path.join(root, fixtures, canary), 'utf8')
      .split('\n')
      .flatMap((line, index) => (line.endsWith(MARK) ? [index + 1] : []));
    expect(marked.length).toBeGreaterThan(0);
    expect(refused.get(canary)).toEqual(marked);
  });
});
