import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** Makes the Node that runs the launcher believe that it is an old one. */
const AS_NODE_20 =
  'data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.1.0"}})';
const PACKAGED = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;

let root = '';
let launcher = '';

beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'wetread-with-node-'));
  mkdirSync(path.join(root, 'scripts'));
  launcher = path.join(root, 'scripts/with-node.mjs');
  copyFileSync(path.join(import.meta.dirname, 'with-node.mjs'), launcher);
  writeFileSync(
    path.join(root, 'answer.mjs'),
    'console.log(process.execPath, ...process.argv.slice(2)); process.exitCode = 7;',
  );
  writeFileSync(
    path.join(root, 'waits.mjs'),
    `for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => { console.log('got ' + signal); process.exit(3); });
     console.log('waiting');
     setTimeout(() => process.exit(9), 60_000);`,
  );
  writeFileSync(path.join(root, 'stuck.mjs'), `console.log('waiting'); setTimeout(() => {}, 60_000);`);
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

type Ended = { readonly code: number | null; readonly output: string };

/** Starts the launcher, sends the signal once its script says that it waits, and tells how it ended. */
function launch(
  args: readonly string[],
  options: { nodeFlags?: readonly string[]; signal?: NodeJS.Signals } = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...(options.nodeFlags ?? []), launcher, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const listen = (chunk: Buffer): void => {
      output += chunk.toString('utf8');
      if (options.signal !== undefined && output.includes('waiting')) child.kill(options.signal);
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}

test('runs the script under the Node that runs already where it is new enough, with its arguments and exit code', async () => {
  expect(await launch(['answer.mjs', '--data', 'x y'])).toEqual({
    code: 7,
    output: `${process.execPath} --data x y\n`,
  });
});

test('refuses an old Node in plain words before anything is loaded', async () => {
  const { code, output } = await launch(['answer.mjs'], { nodeFlags: ['--import', AS_NODE_20] });
  expect(code).toBe(1);
  expect(output).toMatch(/^Wetread needs Node 24 or newer; .*npm ci/);
  expect(output).not.toContain(`${process.execPath}\n`);
});

test.skipIf(process.platform === 'win32')('takes the packaged Node where the running one is too old', async () => {
  const folder = path.join(root, 'node_modules', PACKAGED, 'bin');
  mkdirSync(folder, { recursive: true });
  symlinkSync(process.execPath, path.join(folder, 'node'));
  try {
    expect(await launch(['answer.mjs'], { nodeFlags: ['--import', AS_NODE_20] })).toMatchObject({ code: 7 });
  } finally {
    rmSync(path.join(root, 'node_modules'), { recursive: true });
  }
});

test.skipIf(process.platform === 'win32').each(['SIGTERM', 'SIGINT'] as const)(
  'hands %s to the script and ends with its exit code',
  async (signal) => {
    expect(await launch(['waits.mjs'], { signal })).toEqual({ code: 3, output: `waiting\ngot ${signal}\n` });
  },
);

test.skipIf(process.platform === 'win32')('says by its exit code which signal ended the script', async () => {
  expect(await launch(['stuck.mjs'], { signal: 'SIGTERM' })).toEqual({ code: 143, output: 'waiting\n' });
});
