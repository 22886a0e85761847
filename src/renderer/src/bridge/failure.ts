import { ORPCError } from '@orpc/client';

/** What went wrong with a question to the station: a code for the page's text, and the incident to name when asking for help. */
export type Failure = {
  readonly code:
    | 'unreachable'
    | 'signed-out'
    | 'forbidden'
    | 'not-found'
    | 'conflict'
    | 'too-many-requests'
    | 'station-fault'
    | 'unexpected-answer';
  /** The station's own code for it, where it has one. */
  readonly detail: string | null;
  readonly incidentId: string | null;
  readonly retryAfterMs: number | null;
};

/** Thrown when the station cannot be reached; nothing was asked of it. */
export class StationUnreachable extends Error {
  constructor() {
    super('The station cannot be reached.');
    this.name = 'StationUnreachable';
  }
}

const CODE_OF_STATUS: Readonly<Record<number, Failure['code']>> = {
  401: 'signed-out',
  403: 'forbidden',
  404: 'not-found',
  409: 'conflict',
  429: 'too-many-requests',
};

/** No answer came. */
export const UNREACHABLE: Failure = { code: 'unreachable', detail: null, incidentId: null, retryAfterMs: null };

/** Names the failure behind anything thrown by a call to the station. */
export function failureOf(error: unknown): Failure {
  if (error instanceof ORPCError) {
    return failureOfAnswer(error.status, error.data);
  }
  return UNREACHABLE;
}

/** Names the failure behind an HTTP status and the data that came with it. */
export function failureOfAnswer(status: number, data: unknown): Failure {
  return {
    code: CODE_OF_STATUS[status] ?? (status >= 500 ? 'station-fault' : 'unexpected-answer'),
    detail: textIn(data, 'code'),
    incidentId: textIn(data, 'incidentId'),
    retryAfterMs: numberIn(data, 'retryAfterMs'),
  };
}

function valueIn(data: unknown, key: string): unknown {
  return typeof data === 'object' && data !== null ? (data as Record<string, unknown>)[key] : undefined;
}

function textIn(data: unknown, key: string): string | null {
  const value = valueIn(data, key);
  return typeof value === 'string' ? value : null;
}

function numberIn(data: unknown, key: string): number | null {
  const value = valueIn(data, key);
  return typeof value === 'number' ? value : null;
}
