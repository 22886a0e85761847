import { REFERRERS, type Referrer } from '../exam-requests.ts';
import type { Person } from '../people.ts';
import type { RecordKeeper, Visit } from '../visits.ts';
import { type FhirStore, idFrom } from './fhir-store.ts';
import type { Resource } from './resource-rules.ts';

/** The systems of the hospital's identifiers: an issuer each. */
export const SYSTEMS = {
  mrn: 'urn:wetread:demo:mrn',
  accession: 'urn:wetread:demo:accession',
  placer: 'urn:wetread:demo:placer',
  filler: 'urn:wetread:demo:filler',
  staff: 'urn:wetread:demo:staff',
  uid: 'urn:dicom:uid',
  exam: 'urn:wetread:demo:exam',
} as const;
const V2_0203 = 'http://terminology.hl7.org/CodeSystem/v2-0203';
const DCM = 'http://dicom.nema.org/resources/ontology/DCM';
const GENDERS: Readonly<Record<Person['sex'], string>> = { F: 'female', M: 'male', O: 'other' };
const REPRESENTATION = 'http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation';

/** Writes what the hospital knows into the record: who is treated, what is ordered, and what images there are. */
export function recordsIn(store: FhirStore): RecordKeeper {
  const put = (resource: Resource & { readonly id: string }) => {
    const written = store.write(resource.resourceType as 'Patient', { method: 'PUT', resource, id: resource.id });
    if (!written.ok) throw new Error(`the record does not take its own ${resource.resourceType}`);
  };
  for (const referrer of REFERRERS) put(practitioner(referrer));
  const ordered: RecordKeeper['ordered'] = (visit) => {
    put(patient(visit.person));
    put(serviceRequest(visit, 'active'));
  };
  const taken: RecordKeeper['taken'] = (visit, { series }) => {
    put(serviceRequest(visit, 'completed'));
    put(imagingStudy(visit, series));
  };
  return {
    ...{ ordered, taken },
    prior(visit, study) {
      ordered(visit);
      taken(visit, study);
    },
    corrected(_visit, { kind, from, to }) {
      put(patient(to));
      const hasSurvivor = kind === 'merged';
      if (hasSurvivor) {
        const other = { reference: `Patient/${patientId(to)}` };
        put({ ...patient(from), active: false, link: [{ other, type: 'replaced-by' }] });
      }
      for (const type of ['ServiceRequest', 'ImagingStudy'] as const)
        for (const one of store.list(type))
          if (hasSurvivor && (one['subject'] as { reference?: string }).reference === `Patient/${patientId(from)}`)
            put({ ...one, subject: { reference: `Patient/${patientId(to)}` } });
    },
  };
}

/** The id under which a person stands in the record. */
export function patientId({ mrn, issuer }: Person): string {
  return idFrom('Patient', issuer, mrn);
}

/** The id under which an order stands in the record. */
export function requestId({ accession }: Pick<Visit, 'accession'>): string {
  return idFrom('ServiceRequest', accession);
}

function patient(person: Person): Resource & { readonly id: string } {
  const { birthDate } = person;
  return {
    ...{ resourceType: 'Patient', id: patientId(person), active: true },
    identifier: [{ type: typed('MR'), system: SYSTEMS.mrn, value: person.mrn, assigner: { display: person.issuer } }],
    name: person.name.split('=').flatMap((group, index) => nameOf(group, index)),
    gender: GENDERS[person.sex],
    birthDate: `${birthDate.slice(0, 4)}-${birthDate.slice(4, 6)}-${birthDate.slice(6, 8)}`,
  };
}

function nameOf(group: string, index: number): readonly object[] {
  if (group === '') return [];
  const [family = '', given = '', middle = '', prefix = '', suffix = ''] = group.split('^');
  const representation = ['ABC', 'IDE', 'SYL'][index] ?? 'ABC';
  return [
    {
      ...{ use: index === 0 ? 'official' : 'usual', family },
      ...(`${given}${middle}` !== '' && { given: [given, middle].filter((one) => one !== '') }),
      ...(prefix !== '' && { prefix: [prefix] }),
      ...(suffix !== '' && { suffix: [suffix] }),
      ...(index > 0 && { extension: [{ url: REPRESENTATION, valueCode: representation }] }),
    },
  ];
}

function practitioner({ id, family, given }: Referrer): Resource & { readonly id: string } {
  return {
    ...{ resourceType: 'Practitioner', id: idFrom('Practitioner', id), active: true },
    identifier: [{ system: SYSTEMS.staff, value: id }],
    name: [{ family, given: [given] }],
  };
}

function serviceRequest(visit: Visit, status: 'active' | 'completed'): Resource & { readonly id: string } {
  const { request, exam, accession } = visit;
  return {
    ...{ resourceType: 'ServiceRequest', id: requestId(visit), status, intent: 'order', priority: request.priority },
    identifier: [
      { type: typed('ACSN'), system: SYSTEMS.accession, value: accession },
      { type: typed('PLAC'), system: SYSTEMS.placer, value: request.placerNumber },
      { type: typed('FILL'), system: SYSTEMS.filler, value: request.fillerNumber },
    ],
    code: {
      coding: [
        { system: SYSTEMS.exam, code: exam.code, display: exam.words },
        ...(exam.loinc === null ? [] : [{ system: 'http://loinc.org', code: exam.loinc }]),
      ],
      text: exam.words,
    },
    subject: { reference: `Patient/${patientId(visit.person)}` },
    authoredOn: new Date(visit.orderedAtMs).toISOString(),
    requester: { reference: `Practitioner/${idFrom('Practitioner', request.referrer.id)}` },
    reasonCode: [{ text: request.reason }],
  };
}

function imagingStudy(
  visit: Visit,
  series: Parameters<RecordKeeper['taken']>[1]['series'],
): Resource & { readonly id: string } {
  return {
    ...{ resourceType: 'ImagingStudy', id: idFrom('ImagingStudy', visit.studyUid), status: 'available' },
    identifier: [
      { system: SYSTEMS.uid, value: `urn:oid:${visit.studyUid}` },
      { type: typed('ACSN'), system: SYSTEMS.accession, value: visit.accession },
    ],
    modality: [{ system: DCM, code: visit.exam.modality }],
    subject: { reference: `Patient/${patientId(visit.person)}` },
    started: new Date(visit.takenAtMs).toISOString(),
    basedOn: [{ reference: `ServiceRequest/${requestId(visit)}` }],
    numberOfSeries: series.length,
    numberOfInstances: series.reduce((sum, { instances }) => sum + instances.length, 0),
    series: series.map(({ seriesUid, description, instances }) => ({
      ...{ uid: seriesUid, description, numberOfInstances: instances.length },
      modality: { system: DCM, code: visit.exam.modality },
    })),
  };
}

function typed(code: string): object {
  return { coding: [{ system: V2_0203, code }] };
}
