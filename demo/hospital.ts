import { parseArgs } from 'node:util';
import { DEMO_HOSPITAL } from '../src/shared/domain/demo-hospital.ts';
import { startControl } from './control-server.ts';
import { planDay } from './hospital-day.ts';
import { type Holdings, openHoldings } from './pacs/holdings.ts';
import { type PacsServer, startPacs } from './pacs/pacs-server.ts';
import { createSwitchboard, type Switchboard } from './switchboard.ts';

const MOST_PACS_BYTES = 1024 ** 3;

/** Process entry of the pretend hospital: its archive, its page, then studies from its machines, until it is told to stop. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      host: { type: 'string', default: '127.0.0.1' },
      'dicom-port': { type: 'string' },
      'called-ae': { type: 'string', default: 'WETREAD' },
      /** Fixes everything but the times. */
      seed: { type: 'string' },
      /** Seconds from one arrival to the next, once the first few are there. */
      every: { type: 'string', default: '30' },
      /** Studies of the hours before. */
      history: { type: 'string', default: '300' },
      'pacs-port': { type: 'string', default: String(DEMO_HOSPITAL.pacs.port) },
      'page-port': { type: 'string', default: String(DEMO_HOSPITAL.pagePort) },
    },
  });
  const stop = new AbortController();
  for (const event of ['SIGTERM', 'SIGINT', 'disconnect'] as const) process.on(event, () => stop.abort());
  const { signal } = stop;
  const switches = createSwitchboard();
  const holdings = openHoldings(MOST_PACS_BYTES);
  const station = { host: values.host, port: Number(values['dicom-port']), calledAe: values['called-ae'] };
  const pacs = await openPacs(Number(values['pacs-port']), station, holdings, switches);
  const machine = { ...station, signal, switches };
  const day = planDay({
    // A fresh seed every minute: a demo started again goes on with new studies.
    seed: Number(values.seed ?? Math.floor(Date.now() / 60_000)),
    everyMs: Number(values.every) * 1000,
    historyStudies: Number(values.history),
    modality: { ...machine, callingAe: 'DEMO_CT' },
    archive: { ...machine, callingAe: DEMO_HOSPITAL.pacs.aeTitle },
    holdings,
  });
  const settings = { day, switches, pacs: pacs === null ? null : { port: pacs.port, holdings } };
  const control =
    (await startControl({ ...settings, port: Number(values['page-port']) }).catch(() => null)) ??
    (await startControl({ ...settings, port: 0 }));
  process.stderr.write(`The pretend hospital has a page of its own: http://127.0.0.1:${control.port}\n`);
  try {
    await day.run();
  } finally {
    await Promise.all([pacs?.close(), control.close()]);
    holdings.clear();
  }
}

/** The archive; null, with a word about it, where its port is taken: the station then sees that it is not there. */
async function openPacs(
  port: number,
  station: { readonly host: string; readonly port: number; readonly calledAe: string },
  holdings: Holdings,
  switches: Switchboard,
): Promise<PacsServer | null> {
  const { aeTitle } = DEMO_HOSPITAL.pacs;
  const { host, calledAe } = station;
  try {
    const to = { aeTitle: calledAe, host, port: station.port };
    return await startPacs({ aeTitle, port, holdings, switches, station: to });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    process.stderr.write(`demo: the archive of the pretend hospital cannot listen on port ${port}: ${code}\n`);
    return null;
  }
}

await main();
process.exit(0);
