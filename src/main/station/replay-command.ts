import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { REPLAY_OUTCOMES } from '../../shared/domain/replay.ts';
import { err, ok, type Result } from '../../shared/domain/result.ts';

/** What of a station's answer a replay from the command line goes by; the rest is passed on as it came. */
const Answer = z.looseObject({ replayId: z.string(), state: z.string() });
export type ReplayAnswer = z.infer<typeof Answer>;
const Refusal = z.object({ data: z.object({ code: z.string() }).optional() });

export type ReplayCommandFailure = {
  readonly code: 'station-unreachable' | 'not-permitted' | 'refused' | 'cancelled';
  readonly detail: string;
};

const LOOK_EVERY_MS = 1_000;
const ENDED: ReadonlySet<string> = new Set(REPLAY_OUTCOMES);

/**
 * Has a running station compute a run's receipt again, and waits for what comes of it. The station does it: it alone holds the
 * keys of the images and the one runner, and no run of a patient waits for a replay.
 */
export async function replayRun(asked: {
  readonly station: string;
  readonly token: string;
  readonly runId: string;
  readonly provider: string | undefined;
  readonly signal: AbortSignal;
}): Promise<Result<ReplayAnswer, ReplayCommandFailure>> {
  const { station, token, runId, provider, signal } = asked;
  const address = new URL(`/api/v1/runs/${encodeURIComponent(runId)}/replays`, station);
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const begun = await ask(address, { method: 'POST', headers, body: JSON.stringify({ provider }), signal });
  if (!begun.ok) return begun;
  let replay = Answer.parse(begun.value);
  while (!ENDED.has(replay.state)) {
    await pause(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined); // stopped: the next question says so
    const known = await ask(address, { headers, signal });
    if (!known.ok) return known;
    const { replayId } = replay;
    replay =
      Answer.array()
        .parse(known.value)
        .find((one) => one.replayId === replayId) ?? replay;
  }
  return ok(replay);
}

async function ask(address: URL, init: RequestInit): Promise<Result<unknown, ReplayCommandFailure>> {
  try {
    const answer = await fetch(address, init);
    const body: unknown = await answer.json();
    if (answer.ok) return ok(body);
    if (answer.status === 401 || answer.status === 403)
      return err({ code: 'not-permitted', detail: String(answer.status) });
    const refusal = Refusal.safeParse(body);
    return err({ code: 'refused', detail: (refusal.success && refusal.data.data?.code) || String(answer.status) });
  } catch (error) {
    if (init.signal?.aborted === true) return err({ code: 'cancelled', detail: '' });
    // No connection, no certificate we know, or no JSON: for the person at the prompt these are one.
    return err({ code: 'station-unreachable', detail: error instanceof Error ? error.name : '' });
  }
}
