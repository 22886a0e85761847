import type { Result } from '../../../../shared/domain/result.ts';
import type { TravellingKey } from '../../platform/objects/object-keys.ts';
import type { StageTimings } from '../run-answer.ts';
import type { RunFailure } from '../runner-protocol.ts';
import type { PreparedSeries, SeriesRequest } from './prepare-series.ts';

/** What passes between the thread that computes and the one that prepares series; arrays change hands, none is copied. */

/** What the thread begins with. */
export type PreparerSettings = {
  readonly objectsDir: string;
  readonly objectKeys: readonly TravellingKey[];
  /** One cell: MiB held for a run to come. */
  readonly ahead: Int32Array;
};

/** Cells shared for one request: both are 0 at first. */
export const REQUEST_CELLS = {
  /** 1: stop, nobody wants it any more. */ stop: 0,
  /** 1: it is for the current run. */ isCurrent: 1,
} as const;

export type ToPreparer =
  | { readonly type: 'prepare'; readonly id: number; readonly request: SeriesRequest; readonly cells: Int32Array }
  | { readonly type: 'object-keys'; readonly objectKeys: readonly TravellingKey[] };

/** A series that is prepared, or why it is not. */
export type SeriesAnswer = {
  readonly answer: Result<PreparedSeries, { readonly code: Exclude<RunFailure, 'bad-output'> }>;
  readonly timings: StageTimings;
  /** In ms since 1970. */
  readonly fromMs: number;
  readonly toMs: number;
  /** MiB of it that stand in the cell of what is held for a run to come. */
  readonly countedMb: number;
};

export type FromPreparer =
  | { readonly type: 'ready' }
  | ({ readonly type: 'prepared'; readonly id: number } & SeriesAnswer);
