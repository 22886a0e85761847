import { existsSync } from 'node:fs';
import path from 'node:path';
import { defineConfig } from 'electron-vite';
import { thirdPartyNotices } from './scripts/notices.ts';
import page from './src/renderer/vite.config.ts';

const root = import.meta.dirname;

/**
 * One bundle for each process and each worker thread of the packaged program. Dependencies stay outside: natives and
 * WebAssembly are found beside their packages, and none of them may be bundled twice.
 */
const PROCESSES = {
  index: 'src/main/index.ts',
  station: 'src/main/station/index.ts',
  runner: 'src/main/station/inference/runner/index.ts',
  preparer: 'src/main/station/inference/runner/preparer.ts',
  reader: 'src/main/station/reader.ts',
  'file-keeper': 'src/main/station/file-keeper.ts',
  command: 'src/main/station/command.ts',
  hospital: 'demo/hospital.ts',
};

const input = Object.fromEntries(
  Object.entries(PROCESSES)
    .map(([name, file]) => [name, path.join(root, file)] as const)
    .filter(([, file]) => existsSync(file)),
);

export default defineConfig({
  main: {
    plugins: [thirdPartyNotices().whole],
    build: {
      outDir: path.join(root, 'out/main'),
      rolldownOptions: {
        input,
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
      },
    },
  },
  preload: {
    build: {
      outDir: path.join(root, 'out/preload'),
      // A sandboxed preload can require nothing but Electron: it is one CommonJS file with everything in it.
      externalizeDeps: false,
      rolldownOptions: {
        input: { index: path.join(root, 'src/preload/index.ts') },
        output: { format: 'cjs', entryFileNames: '[name].cjs', codeSplitting: false },
      },
    },
  },
  renderer: page,
});
