import type { HeatmapOverlay, MaskOverlay } from '../../../shared/contract/studies.ts';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { type Failure, failureOfAnswer } from '../bridge/failure.ts';
import { readDicomJson } from './dicom-json.ts';
import { type Heatmap, openHeatmap } from './heatmap.ts';
import { type Mask, openMask } from './mask.ts';
import { readStack, type SeriesAddress, type Stack, seriesPath } from './stack.ts';

const UNREACHABLE: Failure = { code: 'unreachable', detail: null, incidentId: null, retryAfterMs: null };
const UNEXPECTED: Failure = { code: 'unexpected-answer', detail: null, incidentId: null, retryAfterMs: null };

/** Fetches a series' metadata (WADO-RS, PS3.18 §10.4.1.1.2) and reads it into a stack; aborting answers `unreachable`. */
export async function fetchStack(address: SeriesAddress, signal: AbortSignal): Promise<Result<Stack, Failure>> {
  const answer = await get(`${seriesPath(address)}/metadata`, 'application/dicom+json', signal);
  if (!answer.ok) return answer;
  const dataSets = readDicomJson(await jsonOf(answer.value));
  return dataSets === null ? err(UNEXPECTED) : ok(readStack(dataSets, address));
}

/** Fetches a mask's packed bits; `unexpected-answer` when they do not fit the layout. */
export async function fetchMask(overlay: MaskOverlay, signal: AbortSignal): Promise<Result<Mask, Failure>> {
  return fetchBytes(overlay.href, signal, (bytes) => openMask(bytes, overlay));
}

/** Fetches a heatmap's cells; `unexpected-answer` when they do not fit the layout. */
export async function fetchHeatmap(overlay: HeatmapOverlay, signal: AbortSignal): Promise<Result<Heatmap, Failure>> {
  return fetchBytes(overlay.href, signal, (bytes) => openHeatmap(bytes, overlay));
}

async function fetchBytes<T>(
  href: string,
  signal: AbortSignal,
  open: (bytes: Uint8Array) => T | null,
): Promise<Result<T, Failure>> {
  const answer = await get(href, 'application/octet-stream', signal);
  if (!answer.ok) return answer;
  const bytes = await answer.value.arrayBuffer().catch(() => null);
  if (bytes === null) return err(UNREACHABLE);
  const opened = open(new Uint8Array(bytes));
  return opened === null ? err(UNEXPECTED) : ok(opened);
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
