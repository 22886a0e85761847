import type { Scope } from '../../access/index.ts';
import type { ObjectPath } from '../../archive/index.ts';
import type { DicomJson, DicomJsonAttribute } from '../../dicom/dataset/dicom-json.ts';
import { readMetadata } from './metadata.ts';
import type { DicomwebServices } from './services.ts';

/** How many matches a page has at most where attributes are asked for that stand in the stored objects only. */
export const MOST_WITH_STORED_FIELDS = 200;
type Match = { readonly json: DicomJson; readonly path: ObjectPath };

/** True where some attribute asked for is not among those the index tells. */
export function needsStored(matches: readonly Match[], fields: readonly (readonly string[])[]): boolean {
  return fields.some(([tag = '', ...below]) => matches.some(({ json }) => below.length > 0 || !(tag in json)));
}

const AT_ONCE = 8;

/**
 * Adds attributes that are asked for and not indexed, each match's from the header of one of its objects: the first by
 * number. What it has not is left out (PS3.18 §8.3.4.3). Paths are of tags; below a sequence only what is named stays.
 */
export async function addStoredFields(
  services: DicomwebServices,
  scope: Scope,
  matches: readonly Match[],
  fields: readonly (readonly string[])[],
): Promise<readonly Match[]> {
  const told: Match[] = [];
  for (let at = 0; at < matches.length; at += AT_ONCE)
    told.push(
      ...(await Promise.all(
        matches.slice(at, at + AT_ONCE).map(async (match) => {
          const [sample] = await services.listInstances(scope, match.path, 1);
          const stored = sample === undefined ? {} : await readMetadata(services.objects, sample).catch(() => ({}));
          return { ...match, json: ordered({ ...pick(stored, fields), ...match.json }) };
        }),
      )),
    );
  return told;
}

function pick(json: DicomJson, fields: readonly (readonly string[])[]): DicomJson {
  const picked: Record<string, DicomJsonAttribute> = {};
  for (const [tag = '', ...below] of fields) {
    const found = json[tag];
    if (found === undefined || found.BulkDataURI !== undefined) continue;
    if (below.length === 0) picked[tag] = found;
    else if (found.vr === 'SQ')
      picked[tag] = {
        vr: 'SQ',
        Value: (found.Value ?? []).map((item, index) => ({
          ...(picked[tag]?.Value?.[index] as DicomJson | undefined),
          ...pick(item as DicomJson, [below]),
        })),
      };
  }
  return picked;
}

function ordered(json: DicomJson): DicomJson {
  return Object.fromEntries(Object.entries(json).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
