import { z } from 'zod';
import { RunId } from '../../../shared/domain/ids.ts';
import type { ModelManifest } from '../../../shared/domain/model-manifest.ts';
import { SEALED } from '../platform/objects/object-store.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { byVersion } from './models.ts';
import type { Run } from './run-rows.ts';
import { FedRun, type RunFinished } from './runner-protocol.ts';

/** What is kept of a run for the models that it feeds: what numbers alone do not say. */
const KeptForOthers = FedRun.pick({ masks: true, boxes: true, features: true });
type KeptForOthers = z.infer<typeof KeptForOthers>;
/** So many boxes of one run are kept for others: the best of each label, and then the best of all. */
const MOST_BOXES = 200;

/** Walks runs_by_study. A run that was begun early and carried over left what it kept with the early one. */
export const LIST_FEEDERS = `
  SELECT r.run_id AS runId, r.state, r.stage, r.audience, r.model_digest AS digest, r.waits_for_feeds AS waits, r.series_id AS seriesId,
         m.version, f.kept
    FROM runs r JOIN models m ON m.digest = r.model_digest LEFT JOIN run_feeds f ON f.run_id = coalesce(r.carried_from, r.run_id)
   WHERE r.study_id = @studyId AND r.study_revision = @revision AND m.model_id = @modelId AND r.is_early = 0
     AND r.state <> 'superseded'
`;
const FIND_FEEDER = `
  SELECT r.run_id AS runId, f.kept FROM runs r LEFT JOIN run_feeds f ON f.run_id = coalesce(r.carried_from, r.run_id) WHERE r.run_id = ?
`;
const LIST_SCORES_OF = 'SELECT label, score FROM run_scores WHERE run_id = ?';
const FIND_AUDIENCE = 'SELECT audience FROM runs WHERE run_id = ?';
const WAIT_FOR_FEEDS = "UPDATE runs SET is_resting = 1, waits_for_feeds = 1 WHERE run_id = ? AND state = 'queued'";
const FEEDS_OTHERS = `
  SELECT 1 FROM models m, json_each(m.manifest, '$.feeds') f WHERE m.state <> 'gone' AND f.value ->> 'model' = ? LIMIT 1
`;
const LIST_FEEDS_OF = "SELECT f.value AS feed FROM models m, json_each(m.manifest, '$.feeds') f WHERE m.digest = ?";
const KEEP =
  'INSERT INTO run_feeds (run_id, site_id, kept) VALUES (@runId, @siteId, @kept) ON CONFLICT (run_id) DO NOTHING';

type Feeder = {
  readonly runId: string;
  readonly state: Exclude<Run['state'], 'superseded'>;
  readonly stage: Run['stage'];
  readonly audience: string | null;
  readonly digest: string;
  /** Whether it is fed itself, and waits for that. */
  readonly waits: 0 | 1;
  readonly version: string;
  readonly seriesId: string;
  readonly kept: string | null;
};
type Feed = ModelManifest['feeds'][number];

/** Has a run that is owed wait for the models that feed it. */
export function waitForFeeds(db: WritableDb, runId: string): void {
  prepared(db, WAIT_FOR_FEEDS).run(runId);
}

/** Whether every model that a run needs the answer of has given it. */
export function isFed(db: ReadableDb, run: Run, { feeds }: Pick<ModelManifest, 'feeds'>): boolean {
  return feeds.every((feed) => typeof feederOf(db, run, feed) !== 'string');
}

/** What a run is fed, one a feed in the order of its manifest; null where one has no answer that may feed it. */
export function findFed(db: ReadableDb, run: Run, { feeds }: Pick<ModelManifest, 'feeds'>): readonly FedRun[] | null {
  const fed = feeds.map((feed): FedRun | null => {
    const found = feederOf(db, run, feed);
    if (typeof found === 'string') return null;
    return { ...saidBy(db, feed.id, found), isOfSameSeries: found.seriesId === run.seriesId };
  });
  const all = fed.filter((one) => one !== null);
  return all.length === fed.length ? all : null;
}

/** What a model was fed then, again; null where a run that fed it is gone. */
export function findFedAgain(
  db: ReadableDb,
  fed: readonly { readonly id: string; readonly runId: string }[],
): readonly FedRun[] | null {
  const all = fed.flatMap(({ id, runId }) => {
    const feeder = prepared<Pick<Feeder, 'runId' | 'kept'>>(db, FIND_FEEDER).get(runId);
    return feeder === undefined ? [] : [saidBy(db, id, feeder)];
  });
  return all.length === fed.length ? all : null;
}

function saidBy(db: ReadableDb, id: string, { runId, kept }: Pick<Feeder, 'runId' | 'kept'>): FedRun {
  const more = kept === null ? { masks: [], features: [] } : KeptForOthers.parse(JSON.parse(kept));
  const scores = prepared<{ label: string; score: number | null }>(db, LIST_SCORES_OF).all(runId);
  return { id, runId: RunId.parse(runId), scores, ...more };
}

/** Keeps of a finished run what other models need of it, where any installed one does; part of the transaction that finishes it. */
export function keepForOthers(
  db: WritableDb,
  { runId, siteId }: Pick<Run, 'runId' | 'siteId'>,
  { id }: Pick<ModelManifest, 'id'>,
  { masks, boxes, boxLabels, features = [] }: Pick<RunFinished, 'masks' | 'boxes' | 'boxLabels' | 'features'>,
): void {
  if (prepared(db, FEEDS_OTHERS).get(id) === undefined) return;
  const best = bestBoxes(boxes);
  // A label that was found and has no box among them would read as one that was not found.
  const areWhole = boxLabels.every(({ label }) => best.some((box) => box.label === label));
  const kept: KeptForOthers = {
    masks: masks.map(({ label, digest, rows, columns, slices }) => ({
      ...{ label, digest, encoding: SEALED, rows, columns },
      frames: slices.map(({ sopUid, frameNumber }) => ({ sopUid, frameNumber })),
    })),
    ...(areWhole && {
      boxes: best.map(({ label, score, frames }) => ({
        ...{ label, score },
        frames: frames.map(({ sopUid, frameNumber, left, top, right, bottom }) => ({
          ...{ sopUid, frameNumber },
          edges: [left, top, right, bottom],
        })),
      })),
    }),
    features: features.map(({ tensor, digest, dims }) => ({ tensor, digest, encoding: SEALED, dims })),
  };
  prepared(db, KEEP).run({ runId, siteId, kept: JSON.stringify(kept) });
}

/** No label is crowded out by another. */
function bestBoxes(boxes: RunFinished['boxes']): RunFinished['boxes'] {
  const ordered = boxes.toSorted((a, b) => b.score - a.score);
  const first = new Map(ordered.toReversed().map((box) => [box.label, box]));
  const isFirst = (box: RunFinished['boxes'][number]) => first.get(box.label) === box;
  return [...ordered.filter(isFirst), ...ordered.filter((box) => !isFirst(box))].slice(0, MOST_BOXES);
}

/** What is looked at to tell whom a run waits for: its study as it reads it. */
type Fed = Pick<Run, 'runId' | 'studyId' | 'revision' | 'stage'>;

/** The finished run of the highest version that may feed a run; `coming` where none has finished yet, `none` where none will. */
export function feederOf(db: ReadableDb, run: Fed, feed: Feed): Feeder | 'coming' | 'none' {
  const feeders = feedersOf(db, run, feed);
  const finished = feeders.find(({ state }) => state === 'finished');
  if (finished !== undefined) return finished;
  return feeders.some((feeder) => isComing(db, run, feeder)) ? 'coming' : 'none';
}

/** The runs that may feed one, the highest version first. */
function feedersOf(db: ReadableDb, run: Fed, feed: Feed): readonly Feeder[] {
  const audience = prepared<{ audience: string | null }>(db, FIND_AUDIENCE).get(run.runId)?.audience ?? null;
  return prepared<Feeder>(db, LIST_FEEDERS)
    .all({ studyId: run.studyId, revision: run.revision, modelId: feed.model })
    .filter(({ version, digest }) => isWanted(feed, version, digest))
    .filter((feeder) => mayFeed(feeder, { stage: run.stage, audience }))
    .toSorted((a, b) => byVersion(b.version, a.version));
}

/** Whether a run may still answer. One that waits for the very run it is to feed, by itself or by others, never will. */
function isComing(db: ReadableDb, run: Fed, feeder: Feeder): boolean {
  if (feeder.state !== 'queued' && feeder.state !== 'running') return false;
  const seen = new Set<string>();
  const ahead = [feeder];
  for (let one = ahead.pop(); one !== undefined; one = ahead.pop()) {
    if (one.runId === run.runId) return false;
    if (one.waits === 0 || seen.has(one.runId)) continue;
    seen.add(one.runId);
    const { runId, stage } = one;
    for (const feed of feedsOf(db, one.digest))
      ahead.push(...feedersOf(db, { ...run, runId, stage }, feed).filter(({ state }) => state === 'queued'));
  }
  return true;
}

function feedsOf(db: ReadableDb, digest: string): readonly Feed[] {
  return prepared<{ feed: string }>(db, LIST_FEEDS_OF)
    .all(digest)
    .map(({ feed }) => JSON.parse(feed) as Feed);
}

/** What is silent feeds only what is silent, and what shows to some only what shows to no one else. */
function mayFeed(
  feeder: Pick<Feeder, 'stage' | 'audience'>,
  fed: { readonly stage: Run['stage']; readonly audience: string | null },
): boolean {
  const isShown = (stage: Run['stage']) => stage === 'pilot' || stage === 'general';
  if (!isShown(fed.stage)) return true;
  if (!isShown(feeder.stage)) return false;
  if (feeder.audience === null) return true;
  if (fed.audience === null) return false;
  const readers = new Set(z.array(z.string()).parse(JSON.parse(feeder.audience)));
  return z
    .array(z.string())
    .parse(JSON.parse(fed.audience))
    .every((reader) => readers.has(reader));
}

function isWanted({ versions, manifestDigest }: Feed, version: string, digest: string): boolean {
  if (manifestDigest !== undefined && manifestDigest !== digest) return false;
  if (versions === undefined) return true;
  return byVersion(version, versions.from) >= 0 && byVersion(version, versions.below) < 0;
}
