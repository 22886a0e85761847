import path from 'node:path';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

/** Tests start stations and runners by the hundred, all of the same code: it is compiled once. */
const env = { NODE_COMPILE_CACHE: path.join(import.meta.dirname, '.cache/compiled') };
const node = { environment: 'node', pool: 'forks', env } as const;
/** Files share their processes: each import is paid once, which halves the wait. Every test cleans up after itself. */
const shared = { isolate: false, maxWorkers: 3 } as const;
/** No verdict hangs on the speed of a machine or on what else it does: whatever is waited for has half a minute, a test two. */
const LONGEST_MS = 120_000;
const patient = {
  testTimeout: LONGEST_MS,
  hookTimeout: LONGEST_MS,
  // What a run tells of a failure is all there is of it afterwards: what a page complained of stands in it.
  chaiConfig: { truncateThreshold: 2000 },
  expect: { poll: { timeout: 30_000, interval: 10 } },
} as const;

/** Of what starts stations, browsers and peers. */
const unhurried = { ...patient, testTimeout: 300_000, hookTimeout: 300_000 } as const;

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...node,
          ...shared,
          ...patient,
          name: 'unit',
          include: [
            'src/{shared,main,preload}/**/*.test.ts',
            'demo/**/*.test.ts',
            'scripts/**/*.test.ts',
            'test/peers-scripted/**/*.test.ts',
          ],
        },
      },
      { test: { ...node, ...patient, name: 'architecture', include: ['test/architecture/*.test.ts'] } },
      {
        plugins: [react()],
        test: {
          ...shared,
          ...patient,
          name: 'page',
          environment: 'jsdom',
          setupFiles: ['src/renderer/src/app/test-own-modules.ts'],
          include: ['src/renderer/**/*.test.{ts,tsx}'],
        },
      },
      {
        test: {
          ...node,
          ...unhurried,
          name: 'system',
          include: ['test/{system,faults}/**/*.test.ts'],
          fileParallelism: false,
        },
      },
      {
        test: {
          ...node,
          ...unhurried,
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          fileParallelism: false,
        },
      },
      {
        test: {
          ...node,
          ...unhurried,
          name: 'peers',
          include: ['test/peers/**/*.test.ts'],
          fileParallelism: false,
        },
      },
    ],
  },
});
