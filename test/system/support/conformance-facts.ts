import { data } from 'dcmjs';
import { lookUpKeyword, lookUpTag } from '../../../src/main/station/dicom/dataset/dictionary.ts';
import { text } from '../../../src/main/station/dicom/dataset/values.ts';
import type { DicomRecord } from '../../../src/main/station/dicom/dataset/write-dataset.ts';
import type { RemoteAe } from '../../../src/main/station/dicom/open-association.ts';
import { findAt } from '../../../src/main/station/dicom/services/find.ts';
import type { RoleSelection } from '../../../src/main/station/dicom/upper-layer/user-information.ts';
import type { Asker } from './ask-station.ts';
import { type Answered, negotiate } from './negotiate.ts';
import type { Statement } from './statement.ts';
import type { PhantomStudy } from './studies.ts';

const IMPLICIT = '1.2.840.10008.1.2';
const VERIFICATION = '1.2.840.10008.1.1';
const CT = '1.2.840.10008.5.1.4.1.1.2';
const ROOT = '1.2.840.10008';

/** Storage classes that this product does not take in (PS3.6 Annex A): raw data, retired ones, other specialties, plans. */
const OTHER_STORAGE = [
  ...['66', '3', '5', '6', '12.3', '9', '10', '11', '11.5', '11.6', '11.7', '11.9', '11.10', '11.11', '11.12'],
  ...['6.3', '9.1.2', '9.1.3', '9.2.1', '9.3.1', '9.4.1', '9.4.2', '9.5.1', '9.6.1', '9.6.2', '9.7.1', '9.8.1'],
  ...['13.1.2', '14.1', '14.2', '40', '66.2', '66.6', '68.1', '68.2', '77.1', '77.2', '77.1.1', '77.1.1.1', '77.1.2'],
  ...['77.1.3', '77.1.2.1', '77.1.4.1', '77.1.5.1', '77.1.5.4', '77.1.6', '77.1.7', '78.1', '79.1', '80.1', '81.1'],
  ...['82.1', '88.1', '88.2', '88.40', '88.70', '88.72', '88.77', '104.3', '104.4', '104.5', '129', '131'],
  ...['200.2', '201.1', '481.1', '481.2', '481.4', '481.5', '481.6', '481.7', '481.8', '481.9', '481.10', '501.1'],
].map((suffix) => `${ROOT}.5.1.4.1.1.${suffix}`);
/** Transfer syntaxes that we do not decode (PS3.6 Annex A). */
const OTHER_SYNTAXES = [
  ...['1.2.1.98', '1.2.7.1', '1.2.8.1', '1.2.6.1', '1.2.6.2'],
  ...[52, 53, 54, 55, 56, 58, 59, 60, 61, 62, 63, 64, 65, 66, 92, 93, 94, 95, 100, 101, 102, 103, 104, 105, 106, 107]
    .concat([108, 110, 111, 112, 204, 205])
    .map((number) => `1.2.4.${number}`),
].map((suffix) => `${ROOT}.${suffix}`);
/** Services that this product does not offer. */
const OTHER_SERVICES = [
  ...['3.1.2.3.4', '3.1.2.3.5', '3.1.2.1.1', '5.1.4.31', '5.1.4.32.1', '5.1.4.34.6.1', '5.1.4.34.6.3', '5.1.4.37.1'],
  ...[
    '5.1.4.1.2.3.1',
    '5.1.4.1.2.3.2',
    '5.1.4.1.2.3.3',
    '5.1.4.1.2.4.2',
    '5.1.4.1.2.4.3',
    '5.1.4.1.2.5.3',
    '1.9',
    '1.40',
  ],
  ...['1.20.2', '5.1.1.9', '5.1.1.18', '5.1.4.38.1', '5.1.4.39.1', '5.1.4.41', '1.42', '5.1.4.33.1'],
].map((suffix) => `${ROOT}.${suffix}`);

const uids = (statement: Statement, title: string, column: number) => statement(title).map((row) => row[column] ?? '');

/** What is accepted of everything stated and everything not ours: each class with its syntaxes, one context a pair. */
export async function acceptedStorage(
  port: number,
  callingAe: string,
  statement: Statement,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const classes = [...uids(statement, 'Storage SOP classes', 1), ...OTHER_STORAGE];
  const syntaxes = [...uids(statement, 'Transfer syntaxes', 1), ...OTHER_SYNTAXES];
  const pairs = classes.flatMap((sopClass) => syntaxes.map((syntax) => ({ sopClass, transferSyntaxes: [syntax] })));
  const accepted = new Map<string, string[]>();
  for (let from = 0; from < pairs.length; from += 128) {
    const contexts = pairs.slice(from, from + 128);
    const { accept, close } = await negotiate({ port, callingAe, contexts });
    for (const { id, result } of accept?.contexts ?? []) {
      const pair = contexts[(id - 1) / 2];
      if (result !== 0 || pair === undefined) continue;
      accepted.set(pair.sopClass, [...(accepted.get(pair.sopClass) ?? []), ...pair.transferSyntaxes]);
    }
    await close();
  }
  return accepted;
}

/** Which services a peer may use, as `UID roles`, and what it may be of storage, where it asks for both roles of each. */
export async function acceptedClasses(
  port: number,
  callingAe: string,
  statement: Statement,
): Promise<{ readonly services: readonly string[]; readonly storage: string }> {
  const classes = [...uids(statement, 'Network services', 2), ...OTHER_SERVICES, CT];
  const roles = classes.map((sopClass): RoleSelection => ({ sopClass, scu: true, scp: true }));
  const contexts = classes.map((sopClass) => ({ sopClass, transferSyntaxes: [IMPLICIT] }));
  const { accept, close } = await negotiate({ port, callingAe, contexts, user: { roles } });
  const answered = (accept?.contexts ?? []).flatMap(({ id, result }) => {
    const sopClass = classes[(id - 1) / 2] ?? '';
    const role = accept?.userInformation.roles.find((one) => one.sopClass === sopClass);
    const names = [role?.scu === true ? 'SCU' : '', role?.scp === true ? 'SCP' : ''].filter((name) => name !== '');
    return result === 0 ? [{ sopClass, names: names.join(', ') }] : [];
  });
  await close();
  return {
    services: answered.flatMap(({ sopClass, names }) => (sopClass === CT ? [] : [`${sopClass} ${names}`])),
    storage: answered.find(({ sopClass }) => sopClass === CT)?.names ?? 'refused',
  };
}

/** What every association is like. */
export type NegotiatedGeneral = {
  readonly applicationContext: string;
  readonly implementation: string;
  readonly version: string;
  readonly maxPdu: number;
  readonly contexts: number;
  readonly asyncOperations: string;
  readonly extended: Readonly<Record<'storage' | 'find' | 'move' | 'get', readonly number[]>>;
  readonly perPeer: number;
  readonly associations: number;
};

/** Reads an answer, and opens as many associations as are let in: of one title, then of all of them. */
export async function generalFacts(port: number, titles: readonly string[]): Promise<NegotiatedGeneral> {
  const extendedOf = { storage: CT, find: '2.1', move: '2.2', get: '2.3' } as const;
  const classOf = (suffix: string) => (suffix === CT ? CT : `${ROOT}.5.1.4.1.2.${suffix}`);
  const information = Uint8Array.from({ length: 6 }, () => 1);
  const { accept, close } = await negotiate({
    ...{ port, callingAe: 'MODALITY1' },
    contexts: Array.from({ length: 128 }, () => ({ sopClass: VERIFICATION, transferSyntaxes: [IMPLICIT] })),
    user: {
      asyncOperations: { invoked: 8, performed: 8 },
      extendedNegotiation: Object.values(extendedOf).map((suffix) => {
        const length = suffix === CT ? 6 : suffix === '2.1' ? 5 : 2;
        return { sopClass: classOf(suffix), information: information.subarray(0, length) };
      }),
    },
  });
  await close();
  if (accept === null) throw new Error('the association was refused');
  const { userInformation: user } = accept;
  const answer = (suffix: string) => [
    ...(user.extendedNegotiation.find(({ sopClass }) => sopClass === classOf(suffix))?.information ?? []),
  ];
  const counts = await openAll(port, titles);
  return {
    applicationContext: accept.applicationContext,
    implementation: user.implementationClassUid,
    version: user.implementationVersion,
    maxPdu: user.maxPduLength,
    contexts: accept.contexts.filter(({ result }) => result === 0).length,
    asyncOperations: `${user.asyncOperations?.invoked}/${user.asyncOperations?.performed}`,
    extended: {
      ...{ storage: answer(CT), find: answer('2.1'), move: answer('2.2'), get: answer('2.3') },
    },
    ...counts,
  };
}

async function openAll(port: number, titles: readonly string[]) {
  const open: Answered[] = [];
  const perTitle: number[] = [];
  for (const callingAe of titles) {
    let opened = 0;
    for (;;) {
      const contexts = [{ sopClass: VERIFICATION, transferSyntaxes: [IMPLICIT] }];
      const answered = await negotiate({ port, callingAe, contexts });
      if (answered.accept === null) {
        const { result, source, reason } = answered.rejection ?? {};
        if (`${result}${source}${reason}` !== '232') throw new Error('refused by another code than a limit');
        break;
      }
      opened += 1;
      open.push(answered);
    }
    perTitle.push(opened);
  }
  const associations = open.length;
  await Promise.all(open.map(({ close }) => close()));
  return { perPeer: perTitle[0] ?? 0, associations };
}

/** Every keyword of the dictionary that a query can carry: no commands, no meta header, no sequences, no pixels. */
const KEYWORDS = Object.keys(data.DicomMetaDictionary.nameMap).filter((keyword) => {
  const known = lookUpKeyword(keyword);
  if (known === null || ['SpecificCharacterSet', 'QueryRetrieveLevel'].includes(keyword)) return false;
  return !/^(SQ|O.|UN|xs|NONE|na)$/.test(known.vr) && known.tag >>> 16 > 7 && (known.tag & 0xffff) !== 0;
});
const UNIQUE = ['PatientID', 'StudyInstanceUID', 'SeriesInstanceUID', 'SOPInstanceUID'];
const LEVELS = ['PATIENT', 'STUDY', 'SERIES', 'IMAGE'];
const PATIENT_ROOT = `${ROOT}.5.1.4.1.2.1.1`;

/** One value for each level above, so that what is asked is asked of something. */
async function anchorOf(remote: RemoteAe, study: PhantomStudy, level: string): Promise<DicomRecord> {
  const keys = { StudyInstanceUID: study.studyUid, SeriesInstanceUID: study.objects[0]?.seriesUid ?? '' };
  const [patient] = await matchesOf(remote, `${ROOT}.5.1.4.1.2.2.1`, {
    ...{ QueryRetrieveLevel: 'STUDY', StudyInstanceUID: study.studyUid, PatientID: '' },
  });
  const anchors: DicomRecord = { PatientID: patient?.get('PatientID') ?? '', ...keys };
  const above = UNIQUE.slice(0, LEVELS.indexOf(level));
  return Object.fromEntries(above.map((keyword) => [keyword, anchors[keyword] ?? '']));
}

async function matchesOf(
  remote: RemoteAe,
  sopClass: string,
  keys: DicomRecord,
): Promise<readonly ReadonlyMap<string, string>[]> {
  const matches: ReadonlyMap<string, string>[] = [];
  const ended = await findAt(remote, sopClass, keys, {
    onMatch: (match) => {
      const keywords = [...match.elements.keys()].flatMap((tag) => lookUpTag(tag)?.keyword ?? []);
      matches.push(new Map(keywords.map((keyword) => [keyword, text(match, keyword) ?? ''])));
    },
  });
  if (!ended.ok) throw new Error(`a query ended by ${ended.error.code}`);
  if (ended.value.status !== 0) throw new Error(`a query ended with ${ended.value.status.toString(16)}`);
  return matches;
}

/** Which attributes an answer has where every keyword of the dictionary was asked for. */
export async function answeredKeys(remote: RemoteAe, study: PhantomStudy, level: string): Promise<readonly string[]> {
  const anchor = await anchorOf(remote, study, level);
  const [first] = await matchesOf(remote, PATIENT_ROOT, {
    ...Object.fromEntries(KEYWORDS.toSorted(byTag).map((keyword) => [keyword, null])),
    ...{ QueryRetrieveLevel: level, ...anchor },
  });
  return [...(first?.keys() ?? [])].filter((name) => !['SpecificCharacterSet', 'QueryRetrieveLevel'].includes(name));
}

/** Of some keys those on which nothing is matched: a value that nothing has still finds what is there. */
export async function unmatchedKeys(
  remote: RemoteAe,
  study: PhantomStudy,
  level: string,
  keys: readonly string[],
): Promise<readonly string[]> {
  const anchor = await anchorOf(remote, study, level);
  const unmatched: string[] = [];
  for (const keyword of keys) {
    const wanted = { [keyword]: valueOfNothing(keyword) };
    const found = await matchesOf(remote, PATIENT_ROOT, { QueryRetrieveLevel: level, ...anchor, ...wanted });
    if (found.length > 0) unmatched.push(keyword);
  }
  return unmatched;
}

/** A value of the right form that no phantom has. */
function valueOfNothing(keyword: string): string | number {
  switch (lookUpKeyword(keyword)?.vr) {
    case 'DA':
      return '18000101';
    case 'TM':
      return '000001';
    case 'UI':
      return '1.2.999.1';
    case 'IS':
      return '987654';
    case 'US':
      return 60_001;
    default:
      return 'NOBODYHASTHIS';
  }
}

const byTag = (one: string, other: string) => (lookUpKeyword(one)?.tag ?? 0) - (lookUpKeyword(other)?.tag ?? 0);

/** Which of some keys a search takes, of all that the dictionary has where none are named; any other answer than 400 is yes. */
export async function searchedKeys(
  reader: Asker,
  resource: string,
  keys: readonly string[] = KEYWORDS,
): Promise<readonly string[]> {
  const taken: string[] = [];
  const left = [...keys];
  const ask = async () => {
    for (let key = left.pop(); key !== undefined; key = left.pop()) {
      const value = valueOfNothing(key.split('.').at(-1) ?? '');
      const { status } = await reader.fetch(`/dicomweb/demo${resource}?${key}=${value}`);
      if (status !== 400) taken.push(`${key}${status === 204 ? '' : ` ${status}`}`);
    }
  };
  await Promise.all(Array.from({ length: 8 }, ask));
  return taken;
}

/** What is not as the table of resources says: each type asked for alone must be what comes back, with 200. */
export async function mediaTypes(
  reader: Asker,
  sender: Asker,
  study: PhantomStudy,
  row: { readonly method: string; readonly resource: string; readonly types: readonly string[] },
): Promise<readonly string[]> {
  const object = study.objects.at(-1);
  if (object === undefined) throw new Error('the study has no objects');
  const resource = row.resource
    .replace('{study}', object.studyUid)
    .replace('{series}', object.seriesUid)
    .replace('{instance}', object.sopUid);
  const wrong: string[] = [];
  for (const stated of row.types) {
    const [type = ''] = stated.split(' in parts');
    const answer =
      row.method === 'POST'
        ? await sender.fetch(`/dicomweb/demo${resource}`, {
            method: 'POST',
            headers: { 'content-type': 'application/dicom', accept: type },
            body: Buffer.from(object.file),
          })
        : await reader.fetch(`/dicomweb/demo${resource}`, { headers: { accept: type } });
    const came = answer.headers.get('content-type') ?? '';
    const parts = type.startsWith('multipart/') ? type : type === stated ? null : `multipart/related; type="${type}"`;
    const isRight = parts === null ? came.split(';')[0] === type : sameParts(came, parts);
    if (answer.status !== 200 || !isRight) wrong.push(`${stated}: ${answer.status} ${came}`);
  }
  return wrong;
}

function sameParts(came: string, wanted: string): boolean {
  const partType = /type="?([^";]+)/;
  return came.startsWith('multipart/related') && partType.exec(came)?.[1] === partType.exec(wanted)?.[1];
}
