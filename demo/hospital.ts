import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { DEMO_HOSPITAL } from '../src/shared/domain/demo-hospital.ts';
import { startControl } from './control-server.ts';
import { startEhr } from './ehr/fhir-server.ts';
import { openFhirStore } from './ehr/fhir-store.ts';
import { recordsIn } from './ehr/records.ts';
import { search } from './ehr/search.ts';
import { planDay } from './hospital-day.ts';
import { isLoopback } from './loopback.ts';
import { openHoldings } from './pacs/holdings.ts';
import { startPacs } from './pacs/pacs-server.ts';
import { startRis } from './ris/ris.ts';
import { createSwitchboard } from './switchboard.ts';

const MOST_PACS_BYTES = 1024 ** 3;
const BAD_ARGUMENTS = 2;
const TRY_AGAIN_MS = 500;
const STAYS_TAKEN_MS = 6_000;

/** Process entry of the pretend hospital: its archive, order system, record and page, then studies from its machines, until it is told to stop. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      host: { type: 'string', default: '127.0.0.1' },
      'dicom-port': { type: 'string' },
      'hl7-port': { type: 'string', default: String(DEMO_HOSPITAL.stationHl7Port) },
      'called-ae': { type: 'string', default: 'WETREAD' },
      /** Fixes everything but the times. */
      seed: { type: 'string' },
      /** Seconds from one arrival to the next, once the first few are there. */
      every: { type: 'string', default: '30' },
      /** Studies of the hours before. */
      history: { type: 'string', default: '300' },
      'pacs-port': { type: 'string', default: String(DEMO_HOSPITAL.pacs.port) },
      'ris-port': { type: 'string', default: String(DEMO_HOSPITAL.ris.port) },
      'ehr-port': { type: 'string', default: String(DEMO_HOSPITAL.ehr.port) },
      'page-port': { type: 'string', default: String(DEMO_HOSPITAL.pagePort) },
    },
  });
  const { host } = values;
  if (!isLoopback(host)) {
    process.stderr.write('demo: the pretend hospital speaks to this machine only: --host is 127.0.0.1 or ::1\n');
    return BAD_ARGUMENTS;
  }
  const stop = new AbortController();
  for (const event of ['SIGTERM', 'SIGINT', 'disconnect'] as const) process.on(event, () => stop.abort());
  const { signal } = stop;
  const switches = createSwitchboard();
  const holdings = openHoldings(MOST_PACS_BYTES);
  // A fresh seed every second: a demo started again goes on with new studies, and never sends other images under old UIDs.
  const seed = Number(values.seed ?? Math.floor(Date.now() / 1_000));
  const station = { host, port: Number(values['dicom-port']), calledAe: values['called-ae'] };
  const archive = unlessTaken('archive', values['pacs-port'], (port) =>
    startPacs({
      ...{ aeTitle: DEMO_HOSPITAL.pacs.aeTitle, port, holdings, switches },
      station: { aeTitle: station.calledAe, host, port: station.port },
    }),
  );
  const orders = unlessTaken('order system', values['ris-port'], (port) =>
    startRis({ port, station: { host, port: Number(values['hl7-port']) }, switches, signal }),
  );
  const store = openFhirStore({ seed, now: Date.now, search });
  const record = unlessTaken('record', values['ehr-port'], (port) => startEhr({ port, store, switches }));
  const [pacs, ris, ehr] = await Promise.all([archive, orders, record]);
  const machine = { ...station, signal, switches };
  const day = planDay({
    ...{ seed, everyMs: Number(values.every) * 1000, historyStudies: Number(values.history), holdings },
    modality: { ...machine, callingAe: 'DEMO_CT' },
    archive: { ...machine, callingAe: DEMO_HOSPITAL.pacs.aeTitle },
    records: [recordsIn(store), ...(ris === null ? [] : [ris])],
  });
  const settings = {
    ...{ day, switches, ris, pacs: pacs === null ? null : { port: pacs.port, holdings } },
    ehr: ehr === null ? null : { server: ehr, store },
  };
  const control =
    (await startControl({ ...settings, port: Number(values['page-port']) }).catch(() => null)) ??
    (await startControl({ ...settings, port: 0 }));
  process.stderr.write(`The pretend hospital has a page of its own: http://127.0.0.1:${control.port}\n`);
  try {
    await day.run();
  } finally {
    stop.abort();
    await Promise.all([pacs?.close(), ris?.close(), ehr?.close(), control.close()]);
    holdings.clear();
  }
  return 0;
}

/**
 * A machine of the hospital; null, with a word about it, where its port stays taken: the station then sees that it is not there.
 * For some seconds it may be that of a demo which is just ending.
 */
async function unlessTaken<T>(name: string, port: string, start: (port: number) => Promise<T>): Promise<T | null> {
  for (let triedMs = 0; ; triedMs += TRY_AGAIN_MS) {
    try {
      return await start(Number(port));
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
      if (code === 'EADDRINUSE' && triedMs < STAYS_TAKEN_MS) {
        await pause(TRY_AGAIN_MS);
        continue;
      }
      process.stderr.write(`demo: the ${name} of the pretend hospital cannot listen on port ${port}: ${code}\n`);
      return null;
    }
  }
}

process.exit(await main());
