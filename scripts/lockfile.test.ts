import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { completeLockfile, type Lockfile } from './lockfile.ts';
import { ROOT } from './run-command.ts';

test('our lockfile names every optional package, so that npm ci accepts it on every platform', () => {
  const ours = JSON.parse(readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8')) as Lockfile;
  expect(Object.keys(ours.packages).length).toBeGreaterThan(100);
  expect(completeLockfile(ours).added).toEqual([]); // else: npm run lock
});

test('adds the binaries of the platforms that a registry left out, as packages of that platform only', () => {
  const { lockfile, added } = completeLockfile({
    packages: {
      'node_modules/linter': {
        version: '1.0.0',
        dev: true,
        optionalDependencies: {
          '@linter/linux-x64': '1.0.0',
          '@linter/linux-arm64-musl': '1.0.0',
          '@linter/binding-win32-arm64-msvc': '1.0.0',
        },
      },
      'node_modules/linter/node_modules/@linter/linux-x64': { version: '1.0.0' },
    },
  });
  expect(added).toEqual(['node_modules/@linter/linux-arm64-musl', 'node_modules/@linter/binding-win32-arm64-msvc']);
  expect(lockfile.packages).toMatchObject({
    'node_modules/@linter/linux-arm64-musl': {
      version: '1.0.0',
      dev: true,
      optional: true,
      os: ['linux'],
      cpu: ['arm64'],
      libc: ['musl'],
    },
    'node_modules/@linter/binding-win32-arm64-msvc': {
      version: '1.0.0',
      dev: true,
      optional: true,
      os: ['win32'],
      cpu: ['arm64'],
    },
  });
  expect(completeLockfile(lockfile).added).toEqual([]);
});

test('refuses to guess the platform of an optional package whose name says none', () => {
  const packages = { 'node_modules/a': { version: '1.0.0', optionalDependencies: { b: '1.0.0' } } };
  expect(() => completeLockfile({ packages })).toThrow('b is optional, not locked, and names no platform.');
});
