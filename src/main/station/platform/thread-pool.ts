/**
 * Imported first by the station's entry: file operations run on a pool that is sized when it is first used. Four threads,
 * as Node has it, are all taken by four syncs of a slow disk, and then not even a page can be read.
 */
process.env['UV_THREADPOOL_SIZE'] ??= '16';
