import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { claimDataDirectory } from './data-directory.ts';

const MODULE = pathToFileURL(path.join(import.meta.dirname, 'data-directory.ts')).href;
let parent: string;
let root: string;

beforeEach(() => {
  parent = mkdtempSync(path.join(tmpdir(), 'wetread-data-'));
  root = path.join(parent, 'data');
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

function claim(demo = false) {
  const claimed = claimDataDirectory(root, demo);
  if (!claimed.ok) throw new Error(claimed.error.code);
  return claimed.value;
}
const refusal = (demo = false) => {
  const claimed = claimDataDirectory(root, demo);
  return claimed.ok ? null : claimed.error.code;
};

/** Another process that claims the directory, says what came of it and lives on until it is killed. */
async function claimElsewhere() {
  const script = `
    const { claimDataDirectory } = await import(${JSON.stringify(MODULE)});
    const claimed = claimDataDirectory(${JSON.stringify(root)}, false);
    console.log(claimed.ok ? 'claimed' : claimed.error.code);
    setInterval(() => undefined, 1000);
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return {
    said: line.toString().trim(),
    async kill() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

test('makes the folder with everything in it, for its owner alone', () => {
  const directory = claim();
  expect(directory).toMatchObject({ root, isDemo: false, isNew: true });
  expect(readdirSync(root).toSorted()).toEqual(['objects', 'runner', 'station.lock', 'station.lock.held']);
  expect([root, directory.objects].map((folder) => statSync(folder).mode & 0o777)).toEqual([0o700, 0o700]);
});

test('is new until a database is there, whatever else is', () => {
  claim().release();
  const again = claim();
  expect(again.isNew).toBe(true);
  again.release();
  writeFileSync(path.join(root, 'wetread.db'), '');
  expect(claim().isNew).toBe(false);
});

test.each([
  ['a path below a file', () => writeFileSync(path.join(parent, 'file'), ''), 'file/data'],
  ['a file', () => writeFileSync(path.join(parent, 'file'), ''), 'file'],
])('refuses %s as not writable', (_what, prepare, name) => {
  prepare();
  root = path.join(parent, name);
  expect(refusal()).toBe('data-not-writable');
});

test('a demo directory opens only as a demo, and no other does', () => {
  claim(true).release();
  expect(existsSync(path.join(root, 'DEMO'))).toBe(true);
  expect(refusal(false)).toBe('data-is-demo');
  expect(claim(true).isDemo).toBe(true);
});

test('a demo never starts on a directory that has something in it', () => {
  mkdirSync(root);
  writeFileSync(path.join(root, 'wetread.db'), 'real');
  expect(refusal(true)).toBe('data-not-demo');
  expect(readdirSync(root)).toEqual(['wetread.db']);
});

test('a demo may start where an earlier start was killed before it left more than its lock', () => {
  mkdirSync(root);
  writeFileSync(path.join(root, 'station.lock'), '999999999 1');
  expect(claim(true).isDemo).toBe(true);
});

test('refuses while another living station holds it, and takes it over once that one is dead', async () => {
  const other = await claimElsewhere();
  expect(other.said).toBe('claimed');
  expect(refusal()).toBe('data-in-use');
  const lock = readFileSync(path.join(root, 'station.lock'), 'utf8');
  await other.kill();
  expect(readFileSync(path.join(root, 'station.lock'), 'utf8')).toBe(lock);
  claim();
  expect(readFileSync(path.join(root, 'station.lock'), 'utf8')).toMatch(new RegExp(`^${process.pid} `));
  const third = await claimElsewhere();
  expect(third.said).toBe('data-in-use');
  await third.kill();
});

test('of many that find a dead station’s lock at once, one takes over', async () => {
  mkdirSync(root);
  writeFileSync(path.join(root, 'station.lock'), '999999999 1');
  const starts = await Promise.all(Array.from({ length: 4 }, claimElsewhere));
  expect(starts.map(({ said }) => said).toSorted()).toEqual(['claimed', 'data-in-use', 'data-in-use', 'data-in-use']);
  await Promise.all(starts.map((start) => start.kill()));
  expect(readdirSync(root).filter((name) => name.startsWith('station.lock'))).toEqual([
    'station.lock',
    'station.lock.held',
  ]);
});

test.each(['', 'nonsense', '0', '-1', '999999999 1'])(
  'takes over a lock that names no living process: %j',
  (content) => {
    mkdirSync(root);
    writeFileSync(path.join(root, 'station.lock'), content);
    expect(refusal()).toBeNull();
  },
);

test.skipIf(process.platform !== 'linux')(
  'takes over a lock whose process number now belongs to another program',
  async () => {
    const program = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await once(program, 'spawn');
    mkdirSync(root);
    writeFileSync(path.join(root, 'station.lock'), `${program.pid} 12345`);
    expect(refusal()).toBeNull();
    program.kill('SIGKILL');
  },
);

test.each(['1 515000', `${process.pid} 515000`])(
  'is refused to a second container, to which the first one’s process number means nothing: %j',
  async (asSeenElsewhere) => {
    const other = await claimElsewhere();
    const lock = path.join(root, 'station.lock');
    writeFileSync(lock, asSeenElsewhere);
    expect(refusal()).toBe('data-in-use');
    expect(readFileSync(lock, 'utf8')).toBe(asSeenElsewhere);
    await other.kill();
    expect(refusal()).toBeNull();
  },
);

test('released, it is free for the next', async () => {
  claim().release();
  expect(existsSync(path.join(root, 'station.lock'))).toBe(false);
  const next = await claimElsewhere();
  expect(next.said).toBe('claimed');
  await next.kill();
});
