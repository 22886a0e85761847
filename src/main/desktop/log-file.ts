import { appendFileSync, existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';

const LARGEST_BYTES = 10 * 2 ** 20;
const KEPT_FILES = 5;

/** A log that a windowed program has instead of stderr: bounded, and only ever appended to. */
export type LogFile = {
  write(text: string | Buffer): void;
  /** Appends one JSON line of the shell's own: an event's name and codes, never text from people. */
  event(name: string, fields?: Readonly<Record<string, string | number | null>>): void;
};

/** Opens the log; when it outgrows its size it becomes `.1`, the one before `.2`, and the oldest goes. */
export function openLogFile(
  file: string,
  now: () => Date = () => new Date(),
  largestBytes: number = LARGEST_BYTES,
): LogFile {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  let size = existsSync(file) ? statSync(file).size : 0;

  const rotate = (): void => {
    for (let age = KEPT_FILES - 1; age >= 1; age -= 1) {
      const from = age === 1 ? file : `${file}.${age - 1}`;
      if (existsSync(from)) renameSync(from, `${file}.${age}`);
    }
    size = 0;
  };

  const write = (text: string | Buffer): void => {
    try {
      const bytes = Buffer.byteLength(text);
      if (size > 0 && size + bytes > largestBytes) rotate();
      appendFileSync(file, text, { mode: 0o600 });
      size += bytes;
    } catch {
      // A full disk must not end the shell that keeps the station running; the station raises its own alarm for it.
    }
  };

  return {
    write,
    event: (name, fields = {}) => write(`${JSON.stringify({ time: now().toISOString(), event: name, ...fields })}\n`),
  };
}
