import { z } from 'zod';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';

const GoldenResult = z.object({ name: z.string(), passed: z.boolean(), largestDeviation: z.number() });
/** What one golden case came to; the deviation is in the case's own unit. */
export type GoldenResult = z.infer<typeof GoldenResult>;

/** What replaying a package's golden cases on a provider showed the last time. */
export type Verification = {
  readonly provider: string;
  readonly verifiedAtMs: number;
  /** Why it does not hold; null where it does. */
  readonly code: string | null;
  readonly golden: GoldenResult[];
};

const PUT = `
  INSERT INTO model_verifications (digest, provider, verified_at_ms, code, golden)
  VALUES (@digest, @provider, @verifiedAtMs, @code, @golden)
  ON CONFLICT (digest, provider) DO UPDATE SET verified_at_ms = excluded.verified_at_ms, code = excluded.code, golden = excluded.golden
`;
const LIST = `
  SELECT provider, verified_at_ms AS verifiedAtMs, code, golden FROM model_verifications WHERE digest = ? ORDER BY verified_at_ms DESC
`;

/** Keeps what a verification showed, in the place of the one before on that provider. */
export function keepVerification(db: WritableDb, digest: string, verification: Verification): void {
  prepared(db, PUT).run({ digest, ...verification, golden: JSON.stringify(verification.golden) });
}

/** The last verification on each provider, the newest first. */
export function listVerifications(db: ReadableDb, digest: string): Verification[] {
  return prepared<Omit<Verification, 'golden'> & { golden: string }>(db, LIST)
    .all(digest)
    .map((row) => ({ ...row, golden: z.array(GoldenResult).parse(JSON.parse(row.golden)) }));
}
