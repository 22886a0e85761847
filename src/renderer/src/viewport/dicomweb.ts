import { z } from 'zod';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { type Failure, failureOfAnswer } from '../bridge/failure.ts';
import { DicomJson } from './dicom-json.ts';
import { type Mask, type MaskLayout, unpackMask } from './mask.ts';
import { readStack, type SeriesAddress, type Stack, seriesPath } from './stack.ts';

const UNREACHABLE: Failure = { code: 'unreachable', detail: null, incidentId: null, retryAfterMs: null };
const UNEXPECTED: Failure = { code: 'unexpected-answer', detail: null, incidentId: null, retryAfterMs: null };

/** Fetches a series' metadata (WADO-RS, PS3.18 §10.4.1.1.2) and reads it into a stack; aborting answers `unreachable`. */
export async function fetchStack(address: SeriesAddress, signal: AbortSignal): Promise<Result<Stack, Failure>> {
  const answer = await get(`${seriesPath(address)}/metadata`, 'application/dicom+json', signal);
  if (!answer.ok) return answer;
  const dataSets = z.array(DicomJson).safeParse(await jsonOf(answer.value));
  return dataSets.success ? ok(readStack(dataSets.data, address)) : err(UNEXPECTED);
}

/** Fetches a mask's packed bits and unpacks them; `unexpected-answer` when they do not fit the layout. */
export async function fetchMask(href: string, layout: MaskLayout, signal: AbortSignal): Promise<Result<Mask, Failure>> {
  const answer = await get(href, 'application/octet-stream', signal);
  if (!answer.ok) return answer;
  const bytes = await answer.value.arrayBuffer().catch(() => null);
  if (bytes === null) return err(UNREACHABLE);
  const mask = unpackMask(new Uint8Array(bytes), layout);
  return mask === null ? err(UNEXPECTED) : ok(mask);
}

async function get(path: string, accept: string, signal: AbortSignal): Promise<Result<Response, Failure>> {
  try {
    const answer = await fetch(path, { headers: { accept }, credentials: 'same-origin', signal });
    return answer.ok ? ok(answer) : err(failureOfAnswer(answer.status, await jsonOf(answer)));
  } catch {
    // No answer, or the reader left.
    return err(UNREACHABLE);
  }
}

async function jsonOf(answer: Response): Promise<unknown> {
  // A body that is no JSON is no answer of ours; what to make of that is the caller's.
  return answer.json().catch(() => null);
}
