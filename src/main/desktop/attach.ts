import { err, ok, type Result } from '../../shared/domain/result.ts';

export type AttachRefusal = { readonly code: 'station-not-reached' | 'not-a-station' };

/** Node's fetch, or Electron's, which trusts the certificates this machine trusts. */
type Fetch = (
  url: string,
  init: { readonly redirect: 'manual'; readonly signal: AbortSignal },
) => Promise<Pick<Response, 'status' | 'body'>>;

const ANSWER_WITHIN_MS = 5_000;

/** Asks the station at that origin whether it lives, before a window trusts it. Redirects are not followed. */
export async function findLivingStation(
  origin: string,
  fetchFrom: Fetch = fetch,
): Promise<Result<string, AttachRefusal>> {
  let answer: Awaited<ReturnType<Fetch>>;
  try {
    const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
    answer = await fetchFrom(`${origin}/health/live`, { redirect: 'manual', signal });
  } catch {
    // Refused, timed out, no such host, certificate not trusted: for the person it is one thing.
    return err({ code: 'station-not-reached' });
  }
  await answer.body?.cancel();
  return answer.status === 200 ? ok(origin) : err({ code: 'not-a-station' });
}
