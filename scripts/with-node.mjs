// Runs a script, or a package's command (--bin NAME), under the Node this project pins, whatever Node started it.
// Plain JavaScript for Node 18 and newer: it runs before the right Node is there.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const OLDEST_MAJOR = 24;
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** The Node to use: the one that runs already where it is new enough, else the one installed beside the other packages. */
function findNode() {
  if (Number(process.versions.node.split('.')[0]) >= OLDEST_MAJOR) return process.execPath;
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const binary = process.platform === 'win32' ? 'node.exe' : 'node';
  const packaged = path.join(root, 'node_modules', `node-${platform}-${process.arch}`, 'bin', binary);
  if (existsSync(packaged)) return packaged;
  console.error(
    `Wetread needs Node ${OLDEST_MAJOR} or newer; this is ${process.version} on ${process.platform}-${process.arch}, and no packaged Node was installed for it. ` +
      'Run "npm ci" without --omit=optional, or install Node 24.',
  );
  process.exit(1);
}

/** The script file behind a package's command, so that no shell and no PATH decides which Node runs it. */
function binScript(name) {
  const packageOf = { tsc: '@typescript/native', biome: '@biomejs/biome', depcruise: 'dependency-cruiser' };
  const packageName = packageOf[name] ?? name;
  const directory = path.join(root, 'node_modules', packageName);
  const { bin } = createRequire(import.meta.url)(path.join(directory, 'package.json'));
  return path.join(directory, typeof bin === 'string' ? bin : bin[name]);
}

const node = findNode();
const [first, ...rest] = process.argv.slice(2);
const args = first === '--bin' ? [binScript(rest[0]), ...rest.slice(1)] : [path.resolve(root, first), ...rest];
const env = { ...process.env, PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH ?? ''}` };
const child = spawn(node, args, { stdio: 'inherit', env });
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
  process.on(signal, () => {
    // Ctrl-C at a terminal reaches the child by itself; a second one would read as impatience.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
  });
}
child.on('error', (error) => {
  console.error(error.message);
  process.exit(1);
});
child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
