import { execFile } from 'node:child_process';
import { DEBIAN_PYTHON, missingPythonModules } from '../../../scripts/debian-peers.ts';

/** Whether Debian's Python is here with all that references need; says what is not. */
export function havePython(): boolean {
  const missing = missingPythonModules();
  if (missing.length > 0) console.log(`skipped: Python's ${missing.join(', ')} not on this machine`);
  return missing.length === 0;
}

/** Runs a script to its end, within five minutes, with text on its standard input, and gives what it printed. */
export function runPython(script: string, args: readonly string[], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const limits = { timeout: 300_000, maxBuffer: 64 * 2 ** 20 };
    const child = execFile(DEBIAN_PYTHON, [script, ...args], limits, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${error.message}\n${stderr}`));
    });
    child.stdin?.end(input);
  });
}
