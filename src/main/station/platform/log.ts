import { randomBytes } from 'node:crypto';
import pino from 'pino';

const TEXTS = [
  'incidentId',
  'correlationId',
  'studyId',
  'runId',
  'peerId',
  'code',
  'consumer',
  'route',
  'method',
  'provider',
  'version',
  'package',
  'fault',
] as const;
const NUMBERS = ['seq', 'status', 'tookMs', 'count', 'port'] as const;

/** Everything a log line may carry besides its event: ids, codes and numbers, and what is wrong with a model's package; never text from people or objects. */
export type LogFields = { readonly [Name in (typeof TEXTS)[number]]?: string } & {
  readonly [Name in (typeof NUMBERS)[number]]?: number;
} & {
  /** The error's class and its own stack frames; its message stays out, since libraries put data into it. */
  readonly error?: unknown;
};

const ALLOWED: ReadonlySet<string> = new Set([...TEXTS, ...NUMBERS, 'error']);

/** Structured logging to stderr: an event's name and allow-listed fields. */
export type Log = {
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  /** Records a bug or a fault under a fresh incident id, which it returns for whoever has to tell a person. */
  incident(event: string, error: unknown, fields?: LogFields): string;
};

export type LogLevel = 'info' | 'warn' | 'error' | 'silent';

/** A log writing JSON lines to the given file descriptor (2 is stderr). */
export function openLog(
  level: LogLevel,
  destination: pino.DestinationStream = pino.destination({ fd: 2, sync: true }),
): Log {
  const sink = pino({ level, base: null, messageKey: 'event' }, destination);
  return {
    info: (event, fields = {}) => sink.info(allowed(fields), event),
    warn: (event, fields = {}) => sink.warn(allowed(fields), event),
    incident(event, error, fields = {}) {
      const incidentId = freshIncidentId();
      sink.error(allowed({ ...fields, incidentId, error }), event);
      return incidentId;
    },
  };
}

/** Short enough to read out over the phone. */
export function freshIncidentId(): string {
  return randomBytes(5).toString('hex').toUpperCase();
}

function allowed(fields: LogFields): Record<string, unknown> {
  const kept = Object.entries(fields).filter(([name, value]) => ALLOWED.has(name) && value !== undefined);
  return Object.fromEntries(kept.map(([name, value]) => [name, name === 'error' ? describeError(value) : value]));
}

function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error };
  // The stack repeats the message, whose own lines may look like frames.
  const stack = error.stack ?? '';
  const messageAt = stack.indexOf(error.message);
  const frames = (messageAt < 0 ? '' : stack.slice(messageAt + error.message.length))
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 12);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return { type: error.constructor.name, code, at: frames.map((frame) => frame.trim()) };
}
