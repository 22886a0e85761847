import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

const node = { environment: 'node', pool: 'forks' } as const;
/** Files share their processes: each import is paid once, which halves the wait. Every test cleans up after itself. */
const shared = { isolate: false, maxWorkers: 3 } as const;

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...node,
          ...shared,
          name: 'unit',
          include: [
            'src/{shared,main,preload}/**/*.test.ts',
            'demo/**/*.test.ts',
            'scripts/**/*.test.ts',
            'test/peers-scripted/**/*.test.ts',
          ],
          testTimeout: 20_000,
        },
      },
      { test: { ...node, name: 'architecture', include: ['test/architecture/*.test.ts'], testTimeout: 20_000 } },
      {
        plugins: [react()],
        test: {
          ...shared,
          name: 'page',
          environment: 'jsdom',
          include: ['src/renderer/**/*.test.{ts,tsx}'],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          ...node,
          name: 'system',
          include: ['test/{system,faults}/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          ...node,
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          ...node,
          name: 'peers',
          include: ['test/peers/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
