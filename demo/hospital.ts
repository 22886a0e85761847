import { parseArgs } from 'node:util';
import { openCtScanner } from './ct-scanner.ts';
import { planArrivals, planPriors } from './schedule.ts';

/** Process entry of the pretend hospital: priors from its archive, then studies from its scanner, until it is told to stop. */
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
    },
  });
  const stop = new AbortController();
  for (const event of ['SIGTERM', 'SIGINT', 'disconnect'] as const) process.on(event, () => stop.abort());
  const nowMs = Date.now();
  // A fresh seed every minute: a demo started again goes on with new studies.
  const seed = Number(values.seed ?? Math.floor(nowMs / 60_000));
  const station = {
    host: values.host,
    port: Number(values['dicom-port']),
    calledAe: values['called-ae'],
    signal: stop.signal,
  };
  const scanner = openCtScanner({ ...station, callingAe: 'DEMO_CT' });
  const archive = openCtScanner({ ...station, callingAe: 'DEMO_PACS' });
  const arrivals = planArrivals({ seed, everyMs: Number(values.every) * 1000 });

  // The first study comes at once; what the hospital's archive held of its people comes beside the next ones.
  const priors = [...planPriors()];
  for (const arrival of arrivals) {
    await pause(arrival.afterMs, stop.signal);
    if (stop.signal.aborted) return;
    await scanner.send({ ...arrival.wish, atMs: Date.now() - 60_000 });
    const prior = priors.shift();
    if (prior !== undefined && !stop.signal.aborted) await archive.send(prior);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

await main();
process.exit(0);
