import type { z } from 'zod';
import { ACCESS_EVENTS } from './event-kinds/access-events.ts';
import { CORRECTION_EVENTS } from './event-kinds/correction-events.ts';
import { EXCHANGE_EVENTS } from './event-kinds/exchange-events.ts';
import { KEEPING_EVENTS } from './event-kinds/keeping-events.ts';
import { MODEL_EVENTS } from './event-kinds/model-events.ts';
import { READING_EVENTS } from './event-kinds/reading-events.ts';
import { RECEIVING_EVENTS } from './event-kinds/receiving-events.ts';
import { RUN_EVENTS } from './event-kinds/run-events.ts';
import { STATION_EVENTS } from './event-kinds/station-events.ts';
import { TRIAGE_EVENTS } from './event-kinds/triage-events.ts';
import { WORKLIST_EVENTS } from './event-kinds/worklist-events.ts';

/**
 * Every kind of event the ledger may hold, with its payload (codes and ids, never names or text from people).
 * Persisted, so only ever added to; a changed payload gets a higher version and keeps reading the older one.
 */
export const EVENT_KINDS = {
  ...STATION_EVENTS,
  ...ACCESS_EVENTS,
  ...RECEIVING_EVENTS,
  ...KEEPING_EVENTS,
  ...EXCHANGE_EVENTS,
  ...CORRECTION_EVENTS,
  ...MODEL_EVENTS,
  ...RUN_EVENTS,
  ...READING_EVENTS,
  ...TRIAGE_EVENTS,
  ...WORKLIST_EVENTS,
} as const;

export type EventKind = keyof typeof EVENT_KINDS;
export type EventPayload<Kind extends EventKind> = z.infer<(typeof EVENT_KINDS)[Kind]['payload']>;
