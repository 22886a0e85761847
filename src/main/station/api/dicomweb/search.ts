import type { FastifyReply, FastifyRequest } from 'fastify';
import type { DicomJson } from '../../dicom/dataset/dicom-json.ts';
import type { Scope } from '../../access/index.ts';
import { acceptsJson } from './choose-format.ts';
import { instanceJson, seriesJson, studyJson } from './match-json.ts';
import { parseAccept } from './media-types.ts';
import { addressOf, type Dicomweb, DICOMWEB_PREFIX } from './dicomweb.ts';
import { readSearchQuery } from './search-query.ts';
import type { InstanceKeys, Page } from '../../archive/index.ts';
import type { DicomwebServices } from './services.ts';

type Search = (
  services: DicomwebServices,
  scope: Scope,
  keys: InstanceKeys,
  page: Page,
  request: FastifyRequest,
) => Promise<readonly DicomJson[]>;

const findStudies: Search = async (services, scope, keys, page, request) =>
  (await services.findStudies(scope, keys, page)).map((match) =>
    studyJson(match, addressOf(request, 'studies', match.studyUid)),
  );
const findSeries: Search = async (services, scope, keys, page, request) =>
  (await services.findSeries(scope, keys, page)).map((match) =>
    seriesJson(match, addressOf(request, 'studies', match.studyUid, 'series', match.seriesUid)),
  );
const findInstances: Search = async (services, scope, keys, page, request) =>
  (await services.findInstances(scope, keys, page)).map((match) => {
    const path = ['studies', match.studyUid, 'series', match.seriesUid, 'instances', match.sopUid];
    return instanceJson(match, addressOf(request, ...path));
  });

const RESOURCES: Readonly<Record<string, Search>> = {
  '/studies': findStudies,
  '/series': findSeries,
  '/instances': findInstances,
  '/studies/:studyUid/series': findSeries,
  '/studies/:studyUid/instances': findInstances,
  '/studies/:studyUid/series/:seriesUid/instances': findInstances,
};

/** QIDO-RS (PS3.18 §10.6): the standard puts keys into the URL, so nothing here may log or repeat one. */
export function serveSearch(dicomweb: Dicomweb): void {
  for (const [path, search] of Object.entries(RESOURCES)) {
    dicomweb.host.app.get(`${DICOMWEB_PREFIX}${path}`, (request, reply) => answer(dicomweb, search, request, reply));
  }
}

async function answer(
  { admit, services, reads }: Dicomweb,
  search: Search,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const session = admit(request, reply);
  if (session === null) return reply;
  if (!acceptsJson(parseAccept(request.headers.accept))) return reply.code(406).send({ code: 'not-acceptable' });
  const { studyUid, seriesUid } = request.params as { readonly studyUid?: string; readonly seriesUid?: string };
  const query = readSearchQuery({
    ...(request.query as Record<string, unknown>),
    ...(studyUid !== undefined && { StudyInstanceUID: studyUid }),
    ...(seriesUid !== undefined && { SeriesInstanceUID: seriesUid }),
  });
  if (!query.ok) return reply.code(400).send(query.error);
  const { keys, page, ignored } = query.value;
  // One more than asked tells whether there are more.
  const matches = await search(services, session.principal, keys, { ...page, limit: page.limit + 1 }, request);
  const shown = matches.slice(0, page.limit);
  reads.search(session, 'dicomweb', shown.length);
  const warnings = [
    ...(matches.length > page.limit ? ['There are more results: ask again with an offset.'] : []),
    ...(ignored.length > 0 ? ['Some keys are not matched on.'] : []),
  ];
  if (warnings.length > 0) reply.header('warning', `299 wetread "${warnings.join(' ')}"`);
  if (shown.length === 0) return reply.code(204).send();
  return reply.type('application/dicom+json').send(JSON.stringify(shown));
}
