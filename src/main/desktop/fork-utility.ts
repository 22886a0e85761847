import { utilityProcess } from 'electron';
import { type Child, type ChildListeners, killHard, watchChild } from './utility-child.ts';

/** Forks one of our bundles as a utility process; what it writes to stdout and stderr goes to `onOutput`. */
export function forkUtility(
  bundle: string,
  args: readonly string[],
  serviceName: string,
  onOutput: (chunk: Buffer) => void,
  listeners: ChildListeners,
): Child {
  const child = utilityProcess.fork(bundle, [...args], { serviceName, stdio: ['ignore', 'ignore', 'pipe'] });
  child.stderr?.on('data', onOutput);
  return watchChild(child, listeners, killHard);
}
