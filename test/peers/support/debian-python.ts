import { execFile, spawnSync } from 'node:child_process';

/** Debian's own Python, which has Debian's libraries; another one of the machine may not. */
const PYTHON = '/usr/bin/python3';

/** Whether Debian's Python is here with these modules; says which is not. */
export function havePython(...modules: readonly string[]): boolean {
  const missing = modules.filter((name) => spawnSync(PYTHON, ['-c', `import ${name}`]).status !== 0);
  if (missing.length > 0) console.log(`skipped: Python's ${missing.join(', ')} not on this machine`);
  return missing.length === 0;
}

/** Runs a script to its end, within five minutes, and gives what it printed. */
export function runPython(script: string, ...args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(PYTHON, [script, ...args], { timeout: 300_000, maxBuffer: 64 * 2 ** 20 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${error.message}\n${stderr}`));
    });
  });
}
