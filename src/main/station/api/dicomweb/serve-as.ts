import type { ServedAs } from '../../archive/index.ts';
import type { DicomJson, DicomJsonAttribute } from '../../dicom/dataset/dicom-json.ts';
import { tagOf, tagText } from '../../dicom/dataset/dictionary.ts';
import { TOLD_OF_AN_ORDER, TOLD_OF_ANOTHER } from '../../dicom/dataset/patient-attributes.ts';
import { parsePersonName } from '../../dicom/dataset/values.ts';

/** An instance's metadata as people corrected where it belongs: the study and series it is served in, and its patient. */
export function serveAs(json: DicomJson, { studyUid, seriesUid, patient, isWithoutOrder }: ServedAs): DicomJson {
  const corrected: Record<string, DicomJsonAttribute> = {
    ...json,
    ...attribute('StudyInstanceUID', 'UI', studyUid),
    ...attribute('SeriesInstanceUID', 'UI', seriesUid),
  };
  if (patient !== null) {
    const { alphabetic, ideographic, phonetic } = parsePersonName(patient.name);
    const groups = { Alphabetic: alphabetic, Ideographic: ideographic, Phonetic: phonetic };
    const name = Object.fromEntries(Object.entries(groups).filter(([, text]) => text !== ''));
    Object.assign(
      corrected,
      { [key('PatientName')]: { vr: 'PN', ...(patient.name !== '' && { Value: [name] }) } },
      attribute('PatientID', 'LO', patient.mrn),
      attribute('IssuerOfPatientID', 'LO', patient.issuer),
      attribute('PatientBirthDate', 'DA', patient.birthDateRaw),
      attribute('PatientSex', 'CS', patient.sex),
    );
    for (const tag of TOLD_OF_ANOTHER) delete corrected[tagText(tag)];
  }
  if (isWithoutOrder) {
    Object.assign(corrected, attribute('AccessionNumber', 'SH', null));
    for (const tag of TOLD_OF_AN_ORDER) delete corrected[tagText(tag)];
  }
  return Object.fromEntries(Object.entries(corrected).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

function attribute(keyword: string, vr: string, value: string | null): DicomJson {
  return { [key(keyword)]: value === null || value === '' ? { vr } : { vr, Value: [value] } };
}

function key(keyword: string): string {
  return tagText(tagOf(keyword));
}
