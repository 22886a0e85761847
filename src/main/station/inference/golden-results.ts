import { z } from 'zod';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { IS_SHOWN_AT, type ShownAt, shownAtValue } from './shown-models.ts';

const GoldenResult = z.object({ name: z.string(), passed: z.boolean(), largestDeviation: z.number() });
/** What one golden case came to; the deviation is in the case's own unit. */
export type GoldenResult = z.infer<typeof GoldenResult>;

/** What replaying a package's golden cases showed the last time: on a provider, in a version of it, on a machine. */
export type Verification = {
  readonly provider: string;
  readonly providerVersion: string;
  /** What computed, in words; of a server of another machine its name. */
  readonly machine: string;
  readonly verifiedAtMs: number;
  /** Why it does not hold; null where it does. */
  readonly code: string | null;
  readonly golden: GoldenResult[];
};

/** Where a model is computed now, and where it should be. */
export type ModelProvider = {
  readonly provider: string;
  readonly providerVersion: string;
  /** False: what the provider does not take of the model, the processor computes. */
  readonly isWhole: boolean;
  /** The first that the site wants for it. */
  readonly wanted: string;
  /** Why it is not computed there; null where it is. */
  readonly because: string | null;
  readonly verifiedAtMs: number;
};

const PUT = `
  INSERT INTO golden_results (digest, provider, provider_version, machine, verified_at_ms, code, golden)
  VALUES (@digest, @provider, @providerVersion, @machine, @verifiedAtMs, @code, @golden)
  ON CONFLICT (digest, provider, provider_version, machine)
    DO UPDATE SET verified_at_ms = excluded.verified_at_ms, code = excluded.code, golden = excluded.golden
`;
const LIST = `
  SELECT provider, provider_version AS providerVersion, machine, verified_at_ms AS verifiedAtMs, code, golden
    FROM golden_results WHERE digest = ? ORDER BY verified_at_ms DESC
`;
const PUT_PROVIDER = `
  INSERT INTO model_providers (digest, provider, provider_version, is_whole, wanted, because, verified_at_ms)
  VALUES (@digest, @provider, @providerVersion, @isWhole, @wanted, @because, @verifiedAtMs)
  ON CONFLICT (digest) DO UPDATE SET provider = excluded.provider, provider_version = excluded.provider_version,
    is_whole = excluded.is_whole, wanted = excluded.wanted, because = excluded.because, verified_at_ms = excluded.verified_at_ms
`;
const REMOVE_PROVIDER = 'DELETE FROM model_providers WHERE digest = ?';
const FIND_PROVIDER = `
  SELECT provider, provider_version AS providerVersion, is_whole AS isWhole, wanted, because, verified_at_ms AS verifiedAtMs
    FROM model_providers WHERE digest = ?
`;
const COUNT_ELSEWHERE = `
  SELECT count(*) AS models FROM model_providers p JOIN models m ON m.digest = p.digest
   WHERE m.state = 'verified' AND (p.because IS NOT NULL OR p.is_whole = 0) AND ${IS_SHOWN_AT}
`;
const LIST_USED = `
  SELECT DISTINCT p.provider FROM model_providers p JOIN models m ON m.digest = p.digest
   WHERE m.state = 'verified' AND ${IS_SHOWN_AT} ORDER BY 1
`;
const LIST_SERVERS_HOLDING = `
  SELECT g.provider FROM golden_results g
   WHERE g.digest = ? AND g.provider LIKE 'remote:%' AND g.code IS NULL AND g.verified_at_ms =
         (SELECT max(l.verified_at_ms) FROM golden_results l WHERE l.digest = g.digest AND l.provider = g.provider)
   ORDER BY 1
`;
/** Models that no provider could be found for yet, since the server that serves them does not answer. */
const COUNT_WAITING = `
  SELECT count(*) AS models FROM models m
   WHERE ${IS_SHOWN_AT} AND m.state = 'installed' AND EXISTS (
         SELECT 1 FROM golden_results g WHERE g.digest = m.digest AND g.code = 'remote-unreachable'
            AND g.verified_at_ms = (SELECT max(l.verified_at_ms) FROM golden_results l WHERE l.digest = m.digest))
`;
/** Verified models by where they are computed, for who knows whether that still holds. */
const LIST_VERIFIED_ON = `
  SELECT m.digest, p.provider, p.provider_version AS providerVersion, p.is_whole AS isWhole, p.wanted, p.because, p.verified_at_ms AS verifiedAtMs
    FROM models m JOIN model_providers p ON p.digest = m.digest WHERE m.state = 'verified'
`;

/** Models that took the process down with them, or were in it when something else did: nobody can tell which. */
const LIST_LOST_BY_CRASH = `
  SELECT m.digest, max(g.verified_at_ms) AS verifiedAtMs FROM models m JOIN golden_results g ON g.digest = m.digest
   WHERE m.state = 'broken' GROUP BY m.digest HAVING max(iif(g.code = 'runner-crashed', g.verified_at_ms, 0)) > 0
`;

type ProviderRow = Omit<ModelProvider, 'isWhole'> & { readonly isWhole: number };

/** Keeps what a verification showed, in the place of the one before of that provider, version and machine. */
export function keepVerification(db: WritableDb, digest: string, verification: Verification): void {
  prepared(db, PUT).run({ digest, ...verification, golden: JSON.stringify(verification.golden) });
}

/** The last verification on each provider, version and machine, the newest first. */
export function listVerifications(db: ReadableDb, digest: string): Verification[] {
  return prepared<Omit<Verification, 'golden'> & { golden: string }>(db, LIST)
    .all(digest)
    .map((row) => ({ ...row, golden: z.array(GoldenResult).parse(JSON.parse(row.golden)) }));
}

/** From now on a model is computed there; null: nowhere. */
export function setModelProvider(db: WritableDb, digest: string, on: ModelProvider | null): void {
  if (on === null) prepared(db, REMOVE_PROVIDER).run(digest);
  else prepared(db, PUT_PROVIDER).run({ digest, ...on, isWhole: on.isWhole ? 1 : 0 });
}

/** Where a model is computed; null where its golden cases hold nowhere, or nobody knows yet. */
export function findModelProvider(db: ReadableDb, digest: string): ModelProvider | null {
  const row = prepared<ProviderRow>(db, FIND_PROVIDER).get(digest);
  return row === undefined ? null : { ...row, isWhole: row.isWhole === 1 };
}

/** How many models are computed elsewhere than wanted, or not wholly there. */
export function countModelsElsewhere(db: ReadableDb, shownAt: ShownAt = null): number {
  return prepared<{ models: number }>(db, COUNT_ELSEWHERE).get({ shownAt: shownAtValue(shownAt) })?.models ?? 0;
}

/** What verified models are computed with, each named once. */
export function listProvidersUsed(db: ReadableDb, shownAt: ShownAt = null): string[] {
  return prepared<{ provider: string }>(db, LIST_USED)
    .all({ shownAt: shownAtValue(shownAt) })
    .map(({ provider }) => provider);
}

/** The servers on which a model's golden cases held when they were replayed there last. */
export function listServersHolding(db: ReadableDb, digest: string): string[] {
  return prepared<{ provider: string }>(db, LIST_SERVERS_HOLDING)
    .all(digest)
    .map(({ provider }) => provider);
}

/** How many models wait for a server that does not answer. */
export function countModelsWaitingForServer(db: ReadableDb, shownAt: ShownAt = null): number {
  return prepared<{ models: number }>(db, COUNT_WAITING).get({ shownAt: shownAtValue(shownAt) })?.models ?? 0;
}

/** Every model that holds nowhere and with which the process ended on some provider; when it was tried last. */
export function listLostByCrash(db: ReadableDb): readonly { readonly digest: string; readonly verifiedAtMs: number }[] {
  return prepared<{ digest: string; verifiedAtMs: number }>(db, LIST_LOST_BY_CRASH).all();
}

/** Every model whose golden cases hold, with where. */
export function listVerifiedOn(db: ReadableDb): readonly (ModelProvider & { readonly digest: string })[] {
  return prepared<ProviderRow & { digest: string }>(db, LIST_VERIFIED_ON)
    .all()
    .map((row) => ({ ...row, isWhole: row.isWhole === 1 }));
}
