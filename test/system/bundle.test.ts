import { fork, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, test } from 'vitest';
import { NOTICES_FILE } from '../../scripts/notices.ts';

const root = path.resolve(import.meta.dirname, '../..');
const out = path.join(root, 'out');
const isBuilt = existsSync(path.join(out, 'main/index.js')) && existsSync(path.join(out, 'preload/index.cjs'));
if (!isBuilt) console.log('skipped: the desktop app is not built ("npm run build" builds it)');

const filesBelow = (folder: string): readonly string[] =>
  readdirSync(path.join(out, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(out, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, '/'));
const textOf = (file: string): string => readFileSync(path.join(out, file), 'utf8');

/** The packages a bundle still asks for when it runs, Node's own left out. */
function packagesOf(text: string): readonly string[] {
  const names = [...text.matchAll(/(?:\bfrom\s*|\bimport\s*|\b(?:require|import)\()["']([@\w][\w./@-]*)["']/g)].map(
    ([, name]) => name ?? '',
  );
  return [...new Set(names.filter((name) => !name.startsWith('node:')))];
}

describe.skipIf(!isBuilt)('the bundles of the desktop app', () => {
  const scripts = isBuilt
    ? [...filesBelow('main'), ...filesBelow('preload')].filter((file) => /\.[cm]?js$/.test(file))
    : [];

  test('ask for Electron in its main process and the preload only', () => {
    const asking = scripts.filter((file) => packagesOf(textOf(file)).includes('electron'));
    expect(asking.toSorted()).toEqual(['main/index.js', 'preload/index.cjs']);
  });

  test('hold no native library: each stays with its package', () => {
    const natives = [...filesBelow('main'), ...filesBelow('preload')].filter((file) =>
      /\.(node|so(\.\d+)*|dll|dylib|wasm)$/.test(file),
    );
    expect(natives).toEqual([]);
  });

  test('ask only for packages that are shipped', () => {
    const { dependencies } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
      readonly dependencies: Readonly<Record<string, string>>;
    };
    const nameOf = (specifier: string) => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
    const asked = new Set(scripts.flatMap((file) => packagesOf(textOf(file)).map(nameOf)));
    asked.delete('electron');
    expect([...asked].filter((name) => !(name in dependencies))).toEqual([]);
    expect(asked.size).toBeGreaterThan(0);
  });

  test('make of the preload one CommonJS file that needs nothing but Electron', () => {
    expect(filesBelow('preload')).toEqual(['preload/index.cjs']);
    expect(packagesOf(textOf('preload/index.cjs'))).toEqual(['electron']);
    expect(textOf('preload/index.cjs')).not.toMatch(/^\s*(import|export)\s/m);
  });

  test('name what others made of the page, its workers and the files it takes over, with their licences', () => {
    const notices = textOf(path.join('renderer', NOTICES_FILE));
    const named = [...notices.matchAll(/^=+\n(\S+) \S+: (.+)$/gm)].map(([, name, licence]) => [name, licence]);
    // One of the first page, one that comes with a study, one of a worker alone, one of copied fonts and WebAssembly.
    for (const name of ['react', '@cornerstonejs/core', '@cornerstonejs/codec-openjph', 'pdfjs-dist']) {
      expect(named.map(([one]) => one)).toContain(name);
    }
    for (const [name, licence] of named)
      expect.soft(licence, name).toMatch(/MIT|BSD|Apache|ISC|BSL|0BSD|Unlicense|CC0/);
    expect(notices).toMatch(/Permission is hereby granted/);
    for (const file of ['LICENSE_FOXIT', 'LICENSE_LIBERATION', 'LICENSE_OPENJPEG']) expect(notices).toContain(file);
  });

  test('start a runner that loads its natives and refuses what it does not understand', async () => {
    const runner = fork(path.join(out, 'main/runner.js'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    const exit = new Promise<number | null>((resolve) => runner.on('exit', resolve));
    runner.send({ type: 'not a message of ours' });
    expect(await exit).toBe(65);
  });

  test('start a runner that finds the thread which prepares series for it', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'wetread-bundle-'));
    const runner = fork(path.join(out, 'main/runner.js'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    try {
      const said = new Promise((resolve) => {
        runner.once('message', resolve);
        runner.once('exit', (code) => resolve(`the runner ended with ${code}`));
      });
      const objectKeys = [{ id: '00'.repeat(8), keyHex: '11'.repeat(32) }];
      const where = { objectsDir: folder, outboxDir: folder };
      runner.send({ type: 'start', ...where, objectKeys, providers: ['cpu'], threads: 1 });
      expect(await said).toMatchObject({ type: 'ready', provider: 'cpu' });
    } finally {
      runner.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('start a station that lives, serves the page and drains', async () => {
    const data = mkdtempSync(path.join(tmpdir(), 'wetread-bundle-'));
    const args = ['--data', data, '--http-port', '0', '--dicom-port', '0'];
    const station = spawn(process.execPath, [path.join(out, 'main/station.js'), ...args], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    try {
      const exit = new Promise<number | null>((resolve) => station.on('exit', resolve));
      const line = await new Promise<string>((resolve, reject) => {
        createInterface({ input: station.stdout }).once('line', resolve);
        station.once('exit', (code) => reject(new Error(`the station ended with ${code}`)));
      });
      const { http } = JSON.parse(line) as { readonly http: string };
      const statuses = [await fetch(`${http}/health/live`), await fetch(`${http}/`)].map(({ status }) => status);
      expect(statuses).toEqual([200, 200]);
      station.kill('SIGTERM');
      expect(await exit).toBe(0);
    } finally {
      station.kill('SIGKILL');
      rmSync(data, { recursive: true, force: true });
    }
  });
});
