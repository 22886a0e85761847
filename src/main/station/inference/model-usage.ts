import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';

/** What a run of a model takes, as earlier ones showed; null where none did yet. */
export type ModelUsage = { readonly peakMb: number; readonly tookMs: number };

/** A peak is forgotten slowly: one small series does not make room that the next large one needs. */
const PUT = `
  INSERT INTO model_usage (digest, provider, runs, peak_mb, took_ms) VALUES (@digest, @provider, 1, @peakMb, @tookMs)
  ON CONFLICT (digest, provider) DO UPDATE SET runs = runs + 1,
    peak_mb = max(excluded.peak_mb, CAST(round(peak_mb * 0.98) AS INTEGER)),
    took_ms = CAST(round(took_ms * 0.8 + excluded.took_ms * 0.2) AS INTEGER)
`;
const FIND = 'SELECT peak_mb AS peakMb, took_ms AS tookMs FROM model_usage WHERE digest = ? AND provider = ?';

/** Notes what a run took: memory in MiB above the idle runner at its highest, and how long from request to answer. */
export function noteUsage(db: WritableDb, digest: string, provider: string, used: ModelUsage): void {
  const { peakMb, tookMs } = used;
  prepared(db, PUT).run({ digest, provider, peakMb: Math.ceil(peakMb), tookMs: Math.round(tookMs) });
}

export function findUsage(db: ReadableDb, digest: string, provider: string): ModelUsage | null {
  return prepared<ModelUsage>(db, FIND).get(digest, provider) ?? null;
}
