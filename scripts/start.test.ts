import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const OURS = ['start.ts', 'build.ts', 'freshness.ts', 'run-command.ts', 'with-node.mjs'];

/** Says which options it got, is ready, and drains when told to stop. */
const STATION = `
  process.on('SIGTERM', () => { console.error('drained'); process.exit(5); });
  setTimeout(() => process.exit(9), 60_000);
  console.error('options ' + process.argv.slice(2).join(' '));
  console.log('{"ready":true,"http":"http://127.0.0.1:8642"}');
`;

let root = '';

function put(file: string, text: string): void {
  const place = path.join(root, file);
  mkdirSync(path.dirname(place), { recursive: true });
  writeFileSync(place, text);
}

/** A builder that leaves the files a real one would, and counts how often it was asked. */
function putBuilder(name: string, outputs: readonly string[]): void {
  put(`node_modules/${name}/package.json`, JSON.stringify({ name, type: 'module', bin: { [name]: 'bin.js' } }));
  const lines = outputs.map(
    (file) => `mkdirSync(dirname('${file}'), { recursive: true }); writeFileSync('${file}', '');`,
  );
  put(
    `node_modules/${name}/bin.js`,
    `import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'; import { dirname } from 'node:path';
     ${lines.join('\n')} appendFileSync('builds', '${name} ');`,
  );
}

beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'wetread-start-'));
  mkdirSync(path.join(root, 'scripts'));
  for (const file of OURS) copyFileSync(path.join(import.meta.dirname, file), path.join(root, 'scripts', file));
  put('package.json', '{"type":"module"}');
  put('src/main/station/index.ts', STATION);
  putBuilder('vite', ['out/renderer/index.html']);
  putBuilder('electron-vite', [
    'out/main/index.js',
    'out/main/station.js',
    'out/main/runner.js',
    'out/main/preparer.js',
    'out/main/reader.js',
    'out/preload/index.cjs',
    'out/renderer/index.html',
  ]);
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

type Started = { readonly child: ChildProcessByStdio<null, Readable, Readable>; readonly said: () => string };

function start(options: readonly string[], env: Record<string, string> = {}): Started {
  const child = spawn(process.execPath, ['scripts/start.ts', ...options], {
    cwd: root,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
  return { child, said: () => output };
}

async function ended({ child, said }: Started): Promise<{ readonly code: number | null; readonly output: string }> {
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, output: said() };
}

async function stopOnceReady(started: Started): Promise<{ readonly code: number | null; readonly output: string }> {
  const stop = setInterval(() => {
    if (started.said().includes('Wetread is ready')) started.child.kill('SIGTERM');
  }, 20);
  try {
    return await ended(started);
  } finally {
    clearInterval(stop);
  }
}

describe.skipIf(process.platform !== 'linux')('npm start', () => {
  test('serves headless where there is no Electron binary, says so, gives the address, and stops as the station stops', async () => {
    const { code, output } = await stopOnceReady(start(['--dicom-port', '0'], { DISPLAY: ':0' }));
    expect(code).toBe(5);
    expect(output).toContain('No Electron binary here');
    expect(output).toContain('options --data ./data --dicom-port 0\n');
    expect(output).toContain(
      '{"ready":true,"http":"http://127.0.0.1:8642"}\nWetread is ready. Open http://127.0.0.1:8642 ',
    );
    expect(output).toContain('drained');
  });

  test('builds the page once, and gives the demo a data directory of its own', async () => {
    const { output } = await stopOnceReady(start(['--demo']));
    expect(output).toContain('options --data ./data-demo --demo\n');
    expect(readFileSync(path.join(root, 'builds'), 'utf8')).toBe('vite ');
  });

  test('starts nothing where npm kept --demo to itself, and says how it is written', async () => {
    const { code, output } = await ended(start([], { npm_config_demo: 'true' }));
    expect({ code, output }).toEqual({ code: 2, output: 'npm kept --demo to itself. Write: npm start -- --demo\n' });
  });

  test('leaves a data directory that is named', async () => {
    expect((await stopOnceReady(start(['--demo', '--data', 'elsewhere']))).output).toContain(
      'options --demo --data elsewhere\n',
    );
  });

  test('opens the desktop app where a binary and a display are at hand, and ends with its exit code', async () => {
    const electron = path.join(root, 'supplied/electron');
    put('supplied/electron', '#!/bin/sh\necho "window for $*"\nexit 6\n');
    chmodSync(electron, 0o755);
    const { code, output } = await ended(
      start(['--demo'], { DISPLAY: ':0', ELECTRON_OVERRIDE_DIST_PATH: path.dirname(electron) }),
    );
    expect({ code, output }).toEqual({
      code: 6,
      output: expect.stringMatching(/^Building the desktop app: .*\nBuilt the desktop app\.\nwindow for \S+ --demo\n$/),
    });
  });

  test('serves headless where there is a binary and no display', async () => {
    const env = { ELECTRON_OVERRIDE_DIST_PATH: path.join(root, 'supplied') };
    expect((await stopOnceReady(start([], env))).output).toContain(
      'No display here: starting the station without a window.',
    );
  });
});
