import { eventIterator } from '@orpc/contract';
import { z } from 'zod';
import { StudyId } from '../domain/ids.ts';
import { BACKGROUND, procedure } from './procedure.ts';

/** A reason why the station is not wholly well: a code for the page's text. */
export const HealthReason = z.object({
  code: z.string(),
  severity: z.enum(['degraded', 'failing']),
  sinceMs: z.number().nullable(),
});
export type HealthReason = z.infer<typeof HealthReason>;

/** How far a walk over all stored objects has come. */
const WalkProgress = z.object({ objects: z.number().int(), startedAtMs: z.number() });

/** What the connection strip shows. `not-configured` is a fact, not a fault. */
export const StationStatus = z.object({
  version: z.string(),
  demo: z.boolean(),
  nowMs: z.number(),
  dicomIn: z.object({
    state: z.enum(['listening', 'closed']),
    aeTitle: z.string(),
    port: z.number().int(),
    associations: z.number().int(),
    receivedLastHour: z.number().int(),
    lastReceivedAtMs: z.number().nullable(),
  }),
  hl7In: z.object({ state: z.enum(['listening', 'closed', 'not-configured']) }),
  destinations: z.array(
    z.object({
      name: z.string(),
      kind: z.enum(['pacs', 'ris', 'ehr']),
      /** By the last echo or transfer; `unknown`: not called yet since the station started. */
      state: z.enum(['reachable', 'unreachable', 'refuses-us', 'unknown', 'not-configured']),
      sinceMs: z.number().nullable(),
      /** What waits to be sent there. */
      queued: z.number().int(),
    }),
  ),
  inference: z.object({
    state: z.enum(['ready', 'starting', 'down']),
    wanted: z.array(z.string()),
    /** What the runner computes with where nothing is said of a model; null while it cannot. */
    provider: z.string().nullable(),
    /** What models are computed with, each named once; and how many of them not where the site wants, or only in part. */
    used: z.array(z.string()),
    elsewhere: z.number().int(),
    queued: z.number().int(),
    running: z.number().int(),
    models: z.number().int(),
  }),
  disk: z.object({
    freeBytes: z.number(),
    totalBytes: z.number(),
    state: z.enum(['enough', 'low', 'refusing', 'full', 'unknown']),
  }),
  /** Stored objects: how many are damaged, when all were last read, and what walks over them. */
  objects: z.object({
    damaged: z.number().int(),
    lastVerifiedAtMs: z.number().nullable(),
    verification: WalkProgress.nullable(),
    rotation: WalkProgress.nullable(),
  }),
  unopenedCritical: z.number().int(),
  /** Which they are, in the order they are read, a thousand at most: whoever counts alone misses one that came as another was opened. */
  unopenedCriticalIds: z.array(StudyId),
  readersSignedIn: z.number().int(),
  reasons: z.array(HealthReason),
});
export type StationStatus = z.infer<typeof StationStatus>;

/** Coalesced news for pages: which studies changed up to which event; `reset` means fetch everything again. */
export const Hint = z.discriminatedUnion('type', [
  z.object({ type: z.literal('changed'), studyIds: z.array(z.string()), seq: z.number().int() }),
  z.object({ type: z.literal('reset'), seq: z.number().int() }),
]);
export type Hint = z.infer<typeof Hint>;

export const station = {
  status: procedure('station.read', BACKGROUND).route({ method: 'GET', path: '/station/status' }).output(StationStatus),
  hints: procedure('worklist.read', BACKGROUND).output(eventIterator(Hint)),
};
