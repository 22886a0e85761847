import type { Migration } from '../migrate.ts';
import { foundations } from './0001-foundations.ts';
import { receivingAndKeeping } from './0002-receiving-and-keeping.ts';
import { filesOnTheirWay } from './0003-files-on-their-way.ts';
import { inference } from './0004-inference.ts';
import { inferenceFurther } from './0005-inference-further.ts';
import { forTheConsole } from './0006-console.ts';
import { readingRoom } from './0007-reading-room.ts';
import { consoleFurther } from './0008-console-further.ts';
import { listsByAge } from './0009-lists-by-age.ts';

/** Every step of the schema in order; only ever appended to. */
export const MIGRATIONS: readonly Migration[] = [
  foundations,
  receivingAndKeeping,
  filesOnTheirWay,
  inference,
  inferenceFurther,
  forTheConsole,
  readingRoom,
  consoleFurther,
  listsByAge,
];
