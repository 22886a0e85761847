import type { ReaderPool } from '../../platform/store/reader-pool.ts';
import type { READER_TASKS } from '../../reader.ts';

/** The reader threads, typed by what their entry offers; the entry itself runs only in those threads. */
export type Readers = ReaderPool<typeof READER_TASKS>;
