import { setFlagsFromString } from 'node:v8';

/**
 * Imported first by the station's entry. File operations run on a pool that is sized when it is first used: four threads, as
 * Node has it, are all taken by four syncs of a slow disk, and then not even a page can be read.
 */
process.env['UV_THREADPOOL_SIZE'] ??= '16';

/**
 * Every object passes through a megabyte of buffers that are garbage at once. V8 counts them towards a heap that may grow by
 * little, and marked all of it every twentieth object: half of what receiving cost. Now it may grow to four times.
 */
setFlagsFromString('--heap-growing-percent=300');
