import path from 'node:path';
import { parseArgs } from 'node:util';
import { err, ok, type Result } from '../../shared/domain/result.ts';

/** How the desktop app was asked to run: with a station of its own, or at one that already runs. */
export type DesktopPlan =
  | {
      readonly station: 'own';
      readonly demo: boolean;
      readonly stationDir: string;
      readonly stationArguments: readonly string[];
      /** What a demo's pretend hospital is told beside where the station listens. */
      readonly hospitalArguments: readonly string[];
    }
  | { readonly station: 'attached'; readonly origin: string };

export type ArgumentRefusal = { readonly code: 'attach-not-an-origin' | 'attach-not-secure' };

const OPTIONS = {
  attach: { type: 'string' },
  data: { type: 'string' },
  config: { type: 'string' },
  demo: { type: 'boolean' },
  seed: { type: 'string' },
  'http-port': { type: 'string' },
  'dicom-port': { type: 'string' },
  'hl7-port': { type: 'string' },
} as const;

/** Handed on to the station unread: it checks them and refuses in its own words. */
const FOR_STATION = ['config', 'seed', 'http-port', 'dicom-port', 'hl7-port'] as const;

/**
 * Reads what follows the program's own name; Chromium's and Electron's switches among it are passed over. The station's
 * data lies under `userDataDir` unless `--data` says otherwise; a demo's always apart from real data.
 */
export function planDesktop(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  userDataDir: string,
): Result<DesktopPlan, ArgumentRefusal> {
  const { values } = parseArgs({ args: [...args], options: OPTIONS, strict: false, allowPositionals: true });
  const text = (name: keyof typeof OPTIONS): string | null => {
    const value = values[name];
    return typeof value === 'string' ? value : null;
  };

  const attach = text('attach') ?? env.WETREAD_STATION_URL ?? '';
  if (attach !== '') return attachTo(attach);

  const demo = values.demo === true;
  const stationDir = path.resolve(text('data') ?? path.join(userDataDir, demo ? 'station-demo' : 'station'));
  const handedOn = FOR_STATION.flatMap((name) => {
    const value = text(name);
    return value === null ? [] : [`--${name}`, name === 'config' ? path.resolve(value) : value];
  });
  const stationArguments = ['--data', stationDir, ...handedOn, ...(demo ? ['--demo'] : []), '--parent-port'];
  const seed = text('seed');
  const hospitalArguments = seed === null ? [] : ['--seed', seed];
  return ok({ station: 'own', demo, stationDir, stationArguments, hospitalArguments });
}

/** Plain HTTP stays on this machine: beyond it, patient data would cross the network in the clear. */
function attachTo(address: string): Result<DesktopPlan, ArgumentRefusal> {
  const url = URL.parse(address);
  const isOrigin = url !== null && url.pathname === '/' && url.search === '' && url.hash === '' && url.username === '';
  if (!isOrigin || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    return err({ code: 'attach-not-an-origin' });
  const loopback = ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
  if (url.protocol === 'http:' && !loopback) return err({ code: 'attach-not-secure' });
  return ok({ station: 'attached', origin: url.origin });
}
