import {
  type Field,
  type HeaderWish,
  type Segment,
  timeText,
  type Value,
  writeMessage,
} from '../../src/main/station/hl7/write-message.ts';
import { DEMO_ISSUER, type Person } from '../people.ts';
import type { Priority } from '../exam-requests.ts';
import type { Correction, Visit } from '../visits.ts';

/** A message that the order system owes: what it is and whom it is about, and its bytes. */
export type RisMessage = {
  readonly controlId: string;
  /** Type and event, as ADT^A04. */
  readonly kind: string;
  readonly mrn: string;
  /** Empty where it is about no order. */
  readonly accession: string;
  readonly characterSets: readonly string[];
  readonly bytes: Buffer;
};

/** From the narrowest set that has all of it to the widest: old order systems write as little as they can. */
const CHARACTER_SETS: readonly (readonly string[])[] = [[], ['8859/1'], ['', 'ISO IR87'], ['UNICODE UTF-8']];
/** Quantity/timing, component 6 (HL7 table 0485), as ORM^O01 says it. */
const PRIORITY_CODES: Readonly<Record<Priority, string>> = { routine: 'R', urgent: 'A', stat: 'S' };
/** Name representation codes of XPN.8, in the order of DICOM's component groups (PS3.5 §6.2.1.1). */
const REPRESENTATIONS = ['A', 'I', 'P'];

/** What the order system says when an examination is ordered: who came (A01 admitted, A04 registered), then the order. */
export function orderMessages(visit: Visit): readonly RisMessage[] {
  return [admission(visit), order(visit)];
}

/** What it says when it learns who somebody is: the right name (A08), or that two numbers are one person (A40). */
export function correctionMessage(visit: Visit, { kind, from, to }: Correction): RisMessage {
  const event = kind === 'merged' ? 'A40' : 'A08';
  const merge: Segment = ['MRG', { 1: numberOf(from), 7: { each: namesOf(from) } }];
  return message(visit, ['ADT', event, kind === 'merged' ? 'ADT_A39' : 'ADT_A01'], to.mrn, visit.takenAtMs, [
    ['EVN', { 1: event, 2: timeText(visit.takenAtMs) }],
    patient(to),
    kind === 'merged' ? merge : visitSegment(visit),
  ]);
}

function admission(visit: Visit): RisMessage {
  const event = visit.request.patientClass === 'I' ? 'A01' : 'A04';
  return message(visit, ['ADT', event, 'ADT_A01'], visit.person.mrn, visit.orderedAtMs, [
    ['EVN', { 1: event, 2: timeText(visit.orderedAtMs) }],
    patient(visit.person),
    visitSegment(visit),
  ]);
}

/** ORM^O01 with the study's UID in ZDS, as scheduled workflow has it (IHE RAD TF-2 §4.4). */
function order(visit: Visit): RisMessage {
  const { request, exam, accession, studyUid, orderedAtMs } = visit;
  const timing: Value = ['', '', '', timeText(visit.takenAtMs), '', PRIORITY_CODES[request.priority]];
  const code: Value = [
    ...[exam.code, exam.words, '99DEMO'],
    ...(exam.loinc === null ? [] : [exam.loinc, exam.words, 'LN']),
  ];
  return message(visit, ['ORM', 'O01', 'ORM_O01'], visit.person.mrn, orderedAtMs, [
    patient(visit.person),
    visitSegment(visit),
    [
      'ORC',
      {
        ...{ 1: 'NW', 2: [request.placerNumber, 'RIS'], 3: [request.fillerNumber, 'RIS'], 5: 'SC', 7: timing },
        ...{ 9: timeText(orderedAtMs), 12: referrer(visit) },
      },
    ],
    [
      'OBR',
      {
        ...{ 1: '1', 2: [request.placerNumber, 'RIS'], 3: [request.fillerNumber, 'RIS'], 4: code },
        ...{ 13: request.reason, 16: referrer(visit), 18: accession, 19: request.procedureId, 20: request.stepId },
        ...{ 24: exam.modality, 27: timing, 31: ['', request.reason], 44: code },
      },
    ],
    ['ZDS', { 1: [studyUid, 'RIS', 'Application', 'DICOM'] }],
  ]);
}

function message(
  visit: Visit,
  type: readonly string[],
  mrn: string,
  atMs: number,
  segments: readonly Segment[],
): RisMessage {
  const [name = '', event = ''] = type;
  const controlId = `${visit.seed}-${event}`;
  const wish: Omit<HeaderWish, 'characterSets'> = {
    from: { application: 'DEMO_RIS', facility: 'DEMO' },
    to: { application: 'WETREAD', facility: 'DEMO' },
    ...{ atMs, type, controlId, processingId: 'T', version: '2.5.1' },
  };
  for (const characterSets of CHARACTER_SETS) {
    const written = writeMessage({ ...wish, characterSets }, segments);
    if (!written.ok) continue;
    const accession = name === 'ORM' ? visit.accession : '';
    return { controlId, kind: `${name}^${event}`, mrn, accession, characterSets, bytes: written.value };
  }
  throw new Error('a message is not to be written in any character set');
}

function patient(person: Person): Segment {
  return ['PID', { 1: '1', 3: numberOf(person), 5: { each: namesOf(person) }, 7: person.birthDate, 8: person.sex }];
}

function numberOf({ mrn, issuer }: Person): Value {
  return [mrn, '', '', issuer, 'MR'];
}

/** A DICOM name as one XPN for each way of writing it: the suffix comes before the prefix here. */
function namesOf({ name }: Person): Extract<Field, { each: unknown }>['each'] {
  return name.split('=').flatMap((group, index) => {
    const [family = '', given = '', middle = '', prefix = '', suffix = ''] = group.split('^');
    return group === '' ? [] : [[family, given, middle, suffix, prefix, '', 'L', REPRESENTATIONS[index] ?? 'A']];
  });
}

function visitSegment(visit: Visit): Segment {
  const { patientClass, location, visitNumber } = visit.request;
  return [
    'PV1',
    {
      1: '1',
      2: patientClass,
      3: [location, '', '', 'DEMO'],
      8: referrer(visit),
      19: [visitNumber, '', '', DEMO_ISSUER],
    },
  ];
}

function referrer({ request: { referrer: one } }: Visit): Value {
  return [one.id, one.family, one.given];
}
