import { readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { type Asker, ADMINISTRATOR_PASSWORD, signIn, signInFirst } from '../test/system/support/ask-station.ts';
import { withDatabase } from '../test/system/support/database.ts';
import {
  endEverything,
  type RunningStation,
  startStation,
  TEST_CONFIG,
  temporaryFolder,
} from '../test/system/support/start-station.ts';
import { notAccepted, remoteOf, sendObjects } from '../test/system/support/studies.ts';
import { until } from '../test/system/support/until.ts';
import { printFigures, spread } from './figures.ts';
import { IMAGE_KINDS, writeFreshObjects } from './ingest/fresh-objects.ts';

const { values } = parseArgs({
  options: {
    instances: { type: 'string', default: '2000' },
    studies: { type: 'string', default: '3' },
    matrix: { type: 'string', default: '512' },
    warm: { type: 'string', default: '10' },
  },
});
const count = z.coerce.number().int().positive();
const INSTANCES = count.parse(values.instances);
const STUDIES = count.parse(values.studies);
const MATRIX = count.parse(values.matrix);
const WARM = count.parse(values.warm);
/** Objects read into memory and sent over one association. */
const SENT_AT_ONCE = 250;
/** Nobody's quiet time ends within a study that is sent in several associations, nor long after it. */
const CONFIG = { ...TEST_CONFIG, completeness: { quietMs: { CT: 4000 }, quietOtherMs: 4000 } };

const COUNT_KEPT = `
  SELECT coalesce(sum(m.instances), 0) FROM series_metadata m JOIN series x ON x.series_id = m.series_id
    JOIN studies s ON s.study_id = x.study_id WHERE s.study_uid = ?
`;
/** The newest study, as QIDO-RS lists it. */
const Newest = z.tuple([z.looseObject({ '0020000D': z.looseObject({ Value: z.tuple([z.string()]) }) })]);

/** One answer, in ms from the question. */
type Timing = { readonly toFirstByteMs: number; readonly toEndMs: number };

/**
 * Times WADO-RS metadata of whole studies over loopback HTTP (PS3.18 §10.4.1.1.2): asked in the moment the last slice is
 * answered, asked for the first time once the station has made them ready, asked first after a restart, and asked again.
 */
async function main(): Promise<void> {
  const data = path.join(temporaryFolder(), 'data');
  const fresh: Timing[] = [];
  const first: Timing[] = [];
  const restarted: Timing[] = [];
  const warm: Timing[] = [];
  const readyAfterMs: number[] = [];
  let bytes = 0;
  try {
    let station = await startStation({ data, config: CONFIG });
    let who = await signInFirst(station);
    for (let index = 0; index < STUDIES; index += 1) {
      const hurried = await sendStudy(station, who);
      fresh.push((await timeMetadata(who, hurried)).timing);
      const left = await sendStudy(station, who);
      const sentAtMs = performance.now();
      await until(() => keptOf(data, left) === INSTANCES);
      readyAfterMs.push(performance.now() - sentAtMs);
      const asked = await timeMetadata(who, left);
      first.push(asked.timing);
      bytes = asked.bytes;
      await station.stop();
      station = await startStation({ data, config: CONFIG });
      who = await signIn(station, 'administrator', ADMINISTRATOR_PASSWORD);
      restarted.push((await timeMetadata(who, left)).timing);
      for (let again = 0; again < WARM; again += 1) warm.push((await timeMetadata(who, left)).timing);
    }
    await station.stop();
  } finally {
    await endEverything();
  }
  const rows = (name: string, timings: readonly Timing[]) => [
    spread(
      `${name}: first byte`,
      timings.map(({ toFirstByteMs }) => toFirstByteMs),
    ),
    spread(
      `${name}: end`,
      timings.map(({ toEndMs }) => toEndMs),
    ),
  ];
  printFigures(
    'metadata',
    [
      ...rows('as the last slice is answered', fresh),
      ...rows('first asked, made ready', first),
      ...rows('first asked after a restart', restarted),
      ...rows('asked again', warm),
      spread('last slice answered → all made ready', readyAfterMs),
    ],
    { studies: STUDIES, instances: INSTANCES, bytes },
  );
}

/** Sends one study of slices nobody has seen, and gives its UID. */
async function sendStudy(station: RunningStation, who: Asker): Promise<string> {
  const folder = path.join(temporaryFolder(), 'study');
  writeFreshObjects({ ...IMAGE_KINDS.ct, rows: MATRIX, columns: MATRIX }, [folder], INSTANCES);
  const names = readdirSync(folder).toSorted();
  for (let at = 0; at < names.length; at += SENT_AT_ONCE) {
    const files = names.slice(at, at + SENT_AT_ONCE).map((name) => readFileSync(path.join(folder, name)));
    const objects = files.map((file) => ({ studyUid: '', seriesUid: '', sopUid: '', file }));
    const outcomes = await sendObjects(remoteOf(station), objects);
    if (notAccepted(outcomes).length > 0) throw new Error('a slice was not accepted');
  }
  rmSync(folder, { recursive: true });
  const [newest] = Newest.parse(JSON.parse((await who.fetch('/dicomweb/main/studies?limit=1')).text));
  return newest['0020000D'].Value[0];
}

/** How many instances of a study have metadata kept in the database. */
function keptOf(data: string, studyUid: string): number {
  return withDatabase(data, (db) => Number(db.prepare(COUNT_KEPT).pluck().get(studyUid)));
}

async function timeMetadata(
  who: Asker,
  studyUid: string,
): Promise<{ readonly timing: Timing; readonly bytes: number }> {
  const beganAt = performance.now();
  const response = await fetch(`${who.origin}/dicomweb/main/studies/${studyUid}/metadata`, {
    headers: { authorization: `Bearer ${who.token}`, accept: 'application/dicom+json' },
  });
  if (response.status !== 200 || response.body === null) throw new Error(`metadata answered ${response.status}`);
  let toFirstByteMs: number | null = null;
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body) {
    toFirstByteMs ??= performance.now() - beganAt;
    chunks.push(chunk);
  }
  const toEndMs = performance.now() - beganAt;
  const text = Buffer.concat(chunks);
  if (z.array(z.unknown()).parse(JSON.parse(text.toString('utf8'))).length !== INSTANCES)
    throw new Error('metadata of some slices are missing');
  return { timing: { toFirstByteMs: toFirstByteMs ?? toEndMs, toEndMs }, bytes: text.length };
}

await main();
