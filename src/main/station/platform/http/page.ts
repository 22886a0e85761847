import { readFile } from 'node:fs/promises';
import path from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

/** The built page: its folder, and whether it says that everything here is pretend. */
export type PageOptions = { readonly folder: string; readonly demo: boolean };

const NOT_BUILT = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Wetread</title></head>
<body><h1>The station is running</h1><p>Its page has not been built yet: run <code>npm run build</code>, then load this again.</p></body></html>
`;
const DEMO_MARK = '<meta name="wetread-demo" content="true">';

/** Where machines ask: an address of theirs that nothing answers is no route of the page. */
const ASKED_BY_MACHINES = /^(api|dicomweb|health|metrics|rpc)(\/|$)/;

/** Serves the page at every address nothing else answers: its files by name, its start for every route of its own. */
export async function servePage(app: FastifyInstance, page: PageOptions): Promise<void> {
  const root = path.resolve(page.folder);
  await app.register(fastifyStatic, { root, serve: false, cacheControl: false, etag: false, lastModified: false });
  app.get<{ Params: { '*': string } }>('/*', async (request, reply) => {
    const wanted = request.params['*'];
    if (ASKED_BY_MACHINES.test(wanted)) return reply.code(404).send({ code: 'not-found' });
    const isFile = /\.[a-z0-9]+$/i.test(wanted) && wanted !== 'index.html';
    if (isFile) {
      // The bundler names files by their content, so these may be kept for good.
      if (wanted.startsWith('assets/')) reply.header('cache-control', 'public, max-age=31536000, immutable');
      return reply.sendFile(wanted);
    }
    const html = await readIndex(root);
    reply.type('text/html; charset=utf-8');
    if (html === null) return reply.code(503).send(NOT_BUILT);
    return reply.send(page.demo ? html.replace('<head>', `<head>${DEMO_MARK}`) : html);
  });
}

async function readIndex(root: string): Promise<string | null> {
  try {
    return await readFile(path.join(root, 'index.html'), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
