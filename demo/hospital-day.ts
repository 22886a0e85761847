import { setTimeout as pause } from 'node:timers/promises';
import { makeStudy, type PlannedStudy, type StudyKind } from './make-study.ts';
import { type ModalitySettings, sendFrom } from './modality.ts';
import type { Holdings } from './pacs/holdings.ts';
import { performedStep } from './performed-step.ts';
import { type Arrival, planArrivals, planHistory, planOne, planPriors } from './schedule.ts';
import { makeTroubled, type Trouble } from './troubles.ts';
import { type RecordKeeper, visitOf } from './visits.ts';

/** What a hospital's day is told when it begins. */
export type DaySettings = {
  readonly seed: number;
  readonly everyMs: number;
  /** How many small studies of the hours before. */
  readonly historyStudies: number;
  /** Sends as this AE title to the station. */
  readonly modality: ModalitySettings;
  readonly archive: ModalitySettings;
  /** What the archive holds; null where there is none. */
  readonly holdings: Holdings | null;
  /** Who keeps records of what is ordered, taken and found out. */
  readonly records?: readonly RecordKeeper[];
  /** How large what arrives is; full unless told. */
  readonly size?: PlannedStudy['size'];
  readonly now?: () => number;
};

/** How far the day is. */
export type DayState = {
  readonly everyMs: number;
  readonly troubles: readonly Trouble[];
  readonly sentStudies: number;
  readonly sentObjects: number;
  readonly notTaken: number;
  readonly history: { readonly planned: number; readonly sent: number };
};

/** A day in the pretend hospital. */
export type HospitalDay = {
  /** Studies arrive until the signal of the modality fires; rejects only on a bug. */
  run(): Promise<void>;
  state(): DayState;
  /** Time from one arrival to the next, from the next one on. */
  setPace(everyMs: number): void;
  /** Every fourth arrival from now on has the next of these. */
  setTroubles(troubles: readonly Trouble[]): void;
  /** One study now, with a trouble. */
  sendOne(kind: StudyKind, trouble: Trouble): Promise<void>;
};

const DAY_MS = 86_400_000;
const TAKEN_BEFORE_MS = 60_000;
const LATE_MS = 20_000;
const TROUBLE_EVERY = 4;
/** Between two studies of the history, so that what is live comes first and the machine stays usable. */
const HISTORY_PAUSE_MS = 400;
/** The history waits for the first arrivals. */
const HISTORY_AFTER_ARRIVALS = 6;

/** Plans a day: arrivals, what the archive has of them, and the morning before. Nothing is sent before `run`. */
export function planDay(settings: DaySettings): HospitalDay {
  const { modality, archive, holdings, records = [], size = 'full', now = Date.now } = settings;
  const { signal } = modality;
  let everyMs = settings.everyMs;
  let troubles: readonly Trouble[] = [];
  let [sentStudies, sentObjects, notTaken, historySent, arrived, asked] = [0, 0, 0, 0, 0, 0];

  async function send(study: PlannedStudy, trouble: Trouble): Promise<void> {
    for (const sending of await makeTroubled(study, trouble)) {
      if (signal.aborted) return;
      const { visit, correction } = sending;
      for (const record of records) record.ordered(visit);
      const step = performedStep(modality, visit, sending.study);
      await step.begin();
      notTaken += await sendFrom(modality, sending.now);
      await step.end();
      sentStudies += 1;
      sentObjects += sending.now.length;
      for (const record of records) record.taken(visit, sending.study);
      if (correction !== null) for (const record of records) record.corrected(visit, correction);
      if (sending.later.length > 0) void sendLater(sending.later);
    }
  }

  async function sendLater(later: Parameters<typeof sendFrom>[1]): Promise<void> {
    await rest(LATE_MS);
    if (signal.aborted) return;
    notTaken += await sendFrom(modality, later);
    sentObjects += later.length;
  }

  async function archivePrior(study: PlannedStudy, isSent: boolean): Promise<void> {
    const made = await makeStudy(study);
    const instances = made.series.flatMap((series) => series.instances);
    for (const { file } of instances) await holdings?.keep(file);
    for (const record of records) record.prior(visitOf(study, made.studyUid), made);
    if (!isSent) return;
    notTaken += await sendFrom(archive, instances);
    sentObjects += instances.length;
  }

  async function runArrivals(): Promise<void> {
    const priors = [...planPriors()];
    for (const { afterMs, study, prior } of planArrivals({ seed: settings.seed, everyMs: settings.everyMs })) {
      // The first study comes at once, whatever the pace.
      await rest(arrived < HISTORY_AFTER_ARRIVALS ? Math.min(afterMs, everyMs) : everyMs);
      if (signal.aborted) return;
      if (prior !== null) await archivePrior(at({ ...prior.study, size }, now() - prior.daysBefore * DAY_MS), true);
      const turn = arrived + 1;
      const trouble = turn % TROUBLE_EVERY === 0 ? troubles[(turn / TROUBLE_EVERY - 1) % troubles.length] : undefined;
      await send(at({ ...study, size }, now() - TAKEN_BEFORE_MS), trouble ?? 'none');
      arrived = turn;
      const next = priors.shift();
      if (next !== undefined && !signal.aborted) await archivePrior({ ...next.study, size }, next.isSent);
    }
  }

  async function runHistory(): Promise<void> {
    while (arrived < HISTORY_AFTER_ARRIVALS && !signal.aborted) await rest(HISTORY_PAUSE_MS);
    for (const study of planHistory({ nowMs: now(), studies: settings.historyStudies })) {
      if (signal.aborted) return;
      await send(study, 'none');
      historySent += 1;
      await rest(HISTORY_PAUSE_MS);
    }
  }

  return {
    run: async () => void (await Promise.all([runArrivals(), runHistory()])),
    state: () => ({
      ...{ everyMs, troubles, sentStudies, sentObjects, notTaken },
      history: { planned: settings.historyStudies, sent: historySent },
    }),
    setPace: (ms) => {
      everyMs = ms;
    },
    setTroubles: (chosen) => {
      troubles = chosen.filter((trouble) => trouble !== 'none');
    },
    sendOne: async (kind, trouble) => {
      asked += 1;
      const seed = 900_000_000 + (settings.seed % 90_000) * 1_000 + asked;
      await send(at({ ...planOne(seed, kind), size }, now() - TAKEN_BEFORE_MS), trouble);
    },
  };

  async function rest(ms: number): Promise<void> {
    await pause(ms, undefined, { signal }).catch(() => undefined); // it all ends
  }
}

function at(study: Arrival['study'], atMs: number): PlannedStudy {
  return { ...study, wish: { ...study.wish, atMs } };
}
