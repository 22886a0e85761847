import { parseArgs } from 'node:util';
import { z } from 'zod';
import type { RunCard } from '../src/shared/contract/studies.ts';
import type { WorklistRow } from '../src/shared/contract/worklist.ts';
import { type Asker, openSocket, signIn } from '../test/system/support/ask-station.ts';
import { endEverything, type RunningStation, startStation } from '../test/system/support/start-station.ts';
import { notAccepted, type PhantomStudy, phantomStudy, remoteOf, sendObjects } from '../test/system/support/studies.ts';
import { until } from '../test/system/support/until.ts';
import { printFigures, spread } from './figures.ts';

const { values } = parseArgs({
  options: { studies: { type: 'string', default: '12' }, 'pause-ms': { type: 'string', default: '200' } },
});
const STUDIES = z.coerce.number().int().positive().parse(values.studies);
const PAUSE_MS = z.coerce.number().nonnegative().parse(values['pause-ms']);

/** One study's way, in ms; the stages are as the run's receipt says. */
type Timing = Readonly<Record<string, number>>;

/**
 * Times what a reader waits for: from the station's answer to the last slice until the row stands flagged on the
 * worklist as a page would see it, by a hint over the socket and a fresh list. Studies come one after the other.
 */
async function main(): Promise<void> {
  const station = await startStation({ demo: true });
  try {
    const radiologist = await signIn(station, 'radiologist', 'demo');
    await until(
      async () => JSON.parse((await radiologist.fetch('/api/v1/station/status')).text).inference.state === 'ready',
    );
    const page = await followWorklist(radiologist);
    const timings: Timing[] = [];
    for (let index = 0; index <= STUDIES; index += 1) {
      const study = phantomStudy({ seed: 5000 + index, bleed: { kind: 'intraparenchymal', volumeMl: 30 } });
      const timing = await timeStudy(station, radiologist, page, study);
      // The first warms caches and compilers; it is no reader's ordinary day.
      if (index > 0 && timing !== null) timings.push(timing);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    page.close();
    const unseen = STUDIES - timings.length;
    if (unseen > 0) console.log(`${unseen} of ${STUDIES} studies were not flagged, and are not in the table.`);
    const names = Object.keys(timings[0] ?? {});
    printFigures(
      'triage',
      names.map((name) =>
        spread(
          name,
          timings.map((timing) => timing[name] ?? Number.NaN),
        ),
      ),
      {
        studies: timings.length,
        slices: phantomStudy({ seed: 5000 }).objects.length,
      },
    );
    await station.stop();
  } finally {
    await endEverything();
  }
}

/** What a page knows of the worklist: the newest rows, and when each was first seen as wished. */
type Page = {
  seen(
    studyUid: string,
    isAsWished: (row: WorklistRow) => boolean,
    withinMs: number,
  ): Promise<{ row: WorklistRow; atMs: number }>;
  close(): void;
};

async function followWorklist(who: Asker): Promise<Page> {
  const { client, close } = await openSocket(who);
  const watchers = new Set<(rows: readonly WorklistRow[], atMs: number) => void>();
  const hints = await client.station.hints();
  const following = (async () => {
    for await (const _hint of hints) {
      const { rows } = await client.worklist.list({});
      for (const watch of watchers) watch(rows, performance.now());
    }
  })().catch(() => undefined); // the socket was closed: the page is done
  return {
    seen: (studyUid, isAsWished, withinMs) =>
      new Promise((resolve, reject) => {
        const watch = (rows: readonly WorklistRow[], atMs: number) => {
          const row = rows.find((one) => one.studyUid === studyUid);
          if (row === undefined || !isAsWished(row)) return;
          end();
          resolve({ row, atMs });
        };
        const timer = setTimeout(() => {
          end();
          reject(new Error('not seen in time'));
        }, withinMs);
        const end = () => {
          clearTimeout(timer);
          watchers.delete(watch);
        };
        watchers.add(watch);
      }),
    close() {
      close();
      void following;
    },
  };
}

async function timeStudy(station: RunningStation, who: Asker, page: Page, study: PhantomStudy): Promise<Timing | null> {
  const isSettled = (row: WorklistRow) =>
    row.ai.state === 'flagged' || row.ai.state === 'no-flag' || row.ai.state === 'not-run';
  const seen = page.seen(study.studyUid, isSettled, 60_000);
  const beganAtMs = performance.now();
  let lastAnswerAtMs = 0;
  const outcomes = await sendObjects(remoteOf(station), study.objects, () => (lastAnswerAtMs = performance.now()));
  const releasedAtMs = performance.now();
  if (notAccepted(outcomes).length > 0) throw new Error('a phantom was not accepted');
  const { row, atMs } = await seen;
  const { runs } = await who.study(row.studyId);
  const run = runs.find(({ state }) => state === 'finished');
  if (row.ai.state !== 'flagged' || run === undefined) return null;
  return {
    'last slice answered → flagged row': atMs - lastAnswerAtMs,
    'association released → flagged row': atMs - releasedAtMs,
    'beside the model: all but inference': atMs - lastAnswerAtMs - (run.stagesMs['inferMs'] ?? 0),
    ...stagesOf(run),
    'queued → started': (run.startedAtMs ?? 0) - run.queuedAtMs,
    'started → finished': (run.finishedAtMs ?? 0) - (run.startedAtMs ?? 0),
    'first slice → last answer (sending)': lastAnswerAtMs - beganAtMs,
  };
}

function stagesOf({ stagesMs }: RunCard): Timing {
  return Object.fromEntries(
    ['readMs', 'decodeMs', 'preprocessMs', 'inferMs', 'postprocessMs'].map((stage) => [
      `  ${stage.replace(/Ms$/, '')}`,
      stagesMs[stage] ?? Number.NaN,
    ]),
  );
}

await main();
