import type { FastifyReply, FastifyRequest } from 'fastify';
import type { DicomJson } from '../../dicom/dataset/dicom-json.ts';
import type { Scope } from '../../access/index.ts';
import { acceptsJson } from './choose-format.ts';
import { instanceJson, seriesJson, studyJson } from './match-json.ts';
import { acceptedBy } from './media-types.ts';
import { addressOf, type Dicomweb, DICOMWEB_PREFIX, warn } from './dicomweb.ts';
import { readSearchQuery, type SearchLevel } from './search-query.ts';
import type { InstanceKeys, ObjectPath, Page } from '../../archive/index.ts';
import type { DicomwebServices } from './services.ts';
import { addStoredFields, MOST_WITH_STORED_FIELDS, needsStored } from './stored-fields.ts';

/** A match as it is answered, and the path to it. */
type Match = { readonly json: DicomJson; readonly path: ObjectPath };
type Search = (
  services: DicomwebServices,
  scope: Scope,
  keys: InstanceKeys,
  page: Page,
  request: FastifyRequest,
) => Promise<readonly Match[]>;

const findStudies: Search = async (services, scope, keys, page, request) =>
  (await services.findStudies(scope, keys, page)).map((match) => ({
    json: studyJson(match, addressOf(request, 'studies', match.studyUid)),
    path: { studyUid: match.studyUid },
  }));
const findSeries: Search = async (services, scope, keys, page, request) =>
  (await services.findSeries(scope, keys, page)).map((match) => ({
    json: seriesJson(match, addressOf(request, 'studies', match.studyUid, 'series', match.seriesUid)),
    path: { studyUid: match.studyUid, seriesUid: match.seriesUid },
  }));
const findInstances: Search = async (services, scope, keys, page, request) =>
  (await services.findInstances(scope, keys, page)).map((match) => {
    const { studyUid, seriesUid, sopUid } = match;
    const address = addressOf(request, 'studies', studyUid, 'series', seriesUid, 'instances', sopUid);
    return { json: instanceJson(match, address), path: { studyUid, seriesUid, sopUid } };
  });

/** What is searched where, and which levels above the path does not name, and so are told with each match (PS3.18 Table 10.6.1-1). */
type Resource = {
  readonly level: SearchLevel;
  readonly search: Search;
  readonly above: readonly ('study' | 'series')[];
};

const RESOURCES: Readonly<Record<string, Resource>> = {
  '/studies': { level: 'study', search: findStudies, above: [] },
  '/series': { level: 'series', search: findSeries, above: ['study'] },
  '/instances': { level: 'instance', search: findInstances, above: ['study', 'series'] },
  '/studies/:studyUid/series': { level: 'series', search: findSeries, above: [] },
  '/studies/:studyUid/instances': { level: 'instance', search: findInstances, above: ['series'] },
  '/studies/:studyUid/series/:seriesUid/instances': { level: 'instance', search: findInstances, above: [] },
};

/** QIDO-RS (PS3.18 §10.6): the standard puts keys into the URL, so nothing here may log or repeat one. */
export function serveSearch(dicomweb: Dicomweb): void {
  for (const [path, resource] of Object.entries(RESOURCES)) {
    dicomweb.host.app.get(`${DICOMWEB_PREFIX}${path}`, (request, reply) => answer(dicomweb, resource, request, reply));
  }
}

async function answer(
  { admit, services, reads }: Dicomweb,
  { level, search, above }: Resource,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const session = admit(request, reply);
  if (session === null) return reply;
  if (!acceptsJson(acceptedBy(request))) return reply.code(406).send({ code: 'not-acceptable' });
  const { studyUid, seriesUid } = request.params as { readonly studyUid?: string; readonly seriesUid?: string };
  const query = readSearchQuery(level, {
    ...(request.query as Record<string, unknown>),
    ...(studyUid !== undefined && { StudyInstanceUID: studyUid }),
    ...(seriesUid !== undefined && { SeriesInstanceUID: seriesUid }),
  });
  if (!query.ok) return reply.code(400).send(query.error);
  const scope = { siteIds: [session.principal.siteId] };
  const { keys, page, fields, ignored } = query.value;
  // One more than asked tells whether there are more.
  const found = await search(services, scope, keys, { ...page, limit: page.limit + 1 }, request);
  const whole = await tellAbove(services, scope, found, above, request);
  const isStored = needsStored(whole, fields);
  const limit = isStored ? Math.min(page.limit, MOST_WITH_STORED_FIELDS) : page.limit;
  const shown = whole.slice(0, limit);
  reads.search(session, 'dicomweb', shown.length);
  // The words of PS3.18 §8.3.4.4: clients look for them.
  const warnings = [
    ...(ignored.length > 0 ? [`The following query parameters are not supported: ${listed(ignored)}`] : []),
    ...(found.length > limit ? ['There are additional results that can be requested'] : []),
  ];
  warn(request, reply, ...warnings);
  if (shown.length === 0) return reply.code(204).send();
  const told = isStored ? await addStoredFields(services, scope, shown, fields) : shown;
  return reply.type('application/dicom+json').send(JSON.stringify(told.map(({ json }) => json)));
}

const MOST_NAMED = 8;

/** A few names, for a header has little room. */
function listed(names: readonly string[]): string {
  const distinct = [...new Set(names)];
  return [...distinct.slice(0, MOST_NAMED), ...(distinct.length > MOST_NAMED ? ['...'] : [])].join(', ');
}

/** Each match with what its study and series say, where the path names neither. */
async function tellAbove(
  services: DicomwebServices,
  scope: Scope,
  matches: readonly Match[],
  above: readonly ('study' | 'series')[],
  request: FastifyRequest,
): Promise<readonly Match[]> {
  const studyUids = [...new Set(matches.map(({ path }) => path.studyUid))];
  const seriesUids = [...new Set(matches.flatMap(({ path }) => path.seriesUid ?? []))];
  const page = { limit: matches.length, offset: 0 };
  const studies = above.includes('study') ? await findStudies(services, scope, { studyUids }, page, request) : [];
  const series = above.includes('series')
    ? await findSeries(services, scope, { studyUids, seriesUids }, page, request)
    : [];
  const keyOf = ({ studyUid, seriesUid }: ObjectPath) => `${studyUid} ${seriesUid ?? ''}`;
  const known = new Map([...studies, ...series].map(({ path, json }) => [keyOf(path), json]));
  return matches.map(({ path, json }) => ({
    path,
    json: { ...known.get(keyOf({ studyUid: path.studyUid })), ...known.get(keyOf(path)), ...json },
  }));
}
