import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig, type UserConfig } from 'vite';
import { thirdPartyNotices } from '../../scripts/notices.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const notices = thirdPartyNotices();

/** How the page is built: static files the station serves under its strict content security policy. */
const config: UserConfig = defineConfig({
  root: here('.'),
  base: './',
  plugins: [react(), notices.whole],
  build: {
    outDir: here('../../out/renderer'),
    emptyOutDir: true,
    target: 'esnext',
    // Nothing may become a data: URL that the policy would have to allow; workers and codecs stay files.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 6_000,
  },
  worker: { format: 'es', plugins: () => [notices.workers()] },
  optimizeDeps: { exclude: ['@cornerstonejs/dicom-image-loader'] },
});

export default config;
