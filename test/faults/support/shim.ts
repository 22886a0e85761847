import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const built = new Map<string, string | null>();

/** A shim of this folder built for this machine, or null where it cannot be: no Linux, or no C compiler. Said once. */
export function builtShim(name: 'disk-shim' | 'clock-shim'): string | null {
  const known = built.get(name);
  if (known !== undefined) return known;
  const library = path.join(mkdtempSync(path.join(tmpdir(), 'wetread-shim-')), `${name}.so`);
  const source = path.join(import.meta.dirname, `${name}.c`);
  const made =
    process.platform === 'linux' &&
    spawnSync('cc', ['-shared', '-fPIC', '-O2', '-Wall', '-Werror', '-o', library, source, '-ldl', '-pthread'], {
      stdio: 'inherit',
    }).status === 0;
  built.set(name, made ? library : null);
  if (!made && process.env['CI'] === 'true') throw new Error(`CI=true, and there is no C compiler for the ${name}`);
  if (!made) console.log(`skipped: the ${name} needs Linux and a C compiler`);
  process.on('exit', () => rmSync(path.dirname(library), { recursive: true, force: true }));
  return made ? library : null;
}
