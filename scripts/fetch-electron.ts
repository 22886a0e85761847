import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { ROOT } from './run-command.ts';

// On purpose, and here only: installing runs no scripts, so this is Electron's own installer, which downloads its
// binary (from GitHub, or from ELECTRON_MIRROR) and checks it against the checksums in the package.
const installer = path.join(ROOT, 'node_modules/electron/install.js');
const fetched = spawnSync(process.execPath, [installer], { cwd: ROOT, stdio: 'inherit' });
if (fetched.status !== 0) {
  console.error(
    'The Electron binary could not be fetched. Without it "npm start" serves any browser; ' +
      'a copy you already have can be named in ELECTRON_OVERRIDE_DIST_PATH.',
  );
  process.exit(fetched.status ?? 1);
}
await import('./start.ts');
