import { PEOPLE } from '../../../demo/people.ts';
import { type DicomRecord, encodeInstance } from '../../../src/main/station/dicom/dataset/write-dataset.ts';
import type { SentStudy } from './studies.ts';

/** Pages of a PDF, each a line of text in Helvetica (which is not in the file); what else stands in the trailer, and what each page draws besides. */
export type WrittenPdf = {
  readonly pages: readonly string[];
  readonly trailer?: string;
  readonly draws?: string;
  /** Objects that pages may name, by the number they have: the first is 4. */
  readonly objects?: readonly string[];
  readonly resources?: string;
};

/** A PDF of these pages (ISO 32000-1 §7.5). */
export function writtenPdf({ pages, trailer = '', draws = '', objects = [], resources = '' }: WrittenPdf): Uint8Array {
  const first = 4 + objects.length;
  const kids = pages.map((_, index) => `${first + 2 * index} 0 R`).join(' ');
  const bodies = [
    '<</Type/Catalog/Pages 2 0 R>>',
    `<</Type/Pages/Kids[${kids}]/Count ${pages.length}>>`,
    '<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>',
    ...objects,
    ...pages.flatMap((words, index) => {
      const drawn = `BT /F1 36 Tf 72 700 Td (${words}) Tj ET ${draws}`;
      const named = `<</Font<</F1 3 0 R>>${resources}>>`;
      return [
        `<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents ${first + 2 * index + 1} 0 R/Resources${named}>>`,
        `<</Length ${drawn.length}>>stream\n${drawn}\nendstream`,
      ];
    }),
  ];
  let text = '%PDF-1.4\n';
  const places = bodies.map((body, index) => {
    const at = text.length;
    text += `${index + 1} 0 obj\n${body}\nendobj\n`;
    return `${String(at).padStart(10, '0')} 00000 n \n`;
  });
  const table = text.length;
  const size = bodies.length + 1;
  text += `xref\n0 ${size}\n0000000000 65535 f \n${places.join('')}trailer<</Size ${size}/Root 1 0 R${trailer}>>\n`;
  return Buffer.from(`${text}startxref\n${table}\n%%EOF\n`, 'latin1');
}

const ID = `<${'0a'.repeat(16)}>`;
/** PDFs that ask for a password, are cut and garbled, or draw an image larger than is taken. */
export const TROUBLED_PDFS = {
  encrypted: writtenPdf({
    pages: ['Secret'],
    trailer: `/ID[${ID}${ID}]/Encrypt<</Filter/Standard/V 1/R 2/P -4/O<${'4f'.repeat(32)}>/U<${'55'.repeat(32)}>>>`,
  }),
  damaged: Buffer.from('%PDF-1.4\nnothing of a document follows\n', 'latin1'),
  incomplete: writtenPdf({
    pages: ['Half of it'],
    objects: [
      '<</Type/XObject/Subtype/Image/Width 30000/Height 30000/ColorSpace/DeviceGray/BitsPerComponent 8/Length 1>>stream\n0\nendstream',
    ],
    resources: '/XObject<</Im0 4 0 R>>',
    draws: 'q 100 0 0 100 72 500 cm /Im0 Do Q',
  }),
} as const;

/** A study of one demo person that holds these PDFs, each in a series of its own with its title (PS3.3 §A.45.1). */
export function pdfStudy(studyUid: string, person: number, pdfs: Readonly<Record<string, Uint8Array>>): SentStudy {
  const known = PEOPLE[person];
  if (known === undefined) throw new Error(`the demo has no person ${person}`);
  const { name, mrn, issuer, birthDate, sex } = known;
  const objects = Object.entries(pdfs).map(([title, pdf], index) => {
    const seriesUid = `${studyUid}.${index + 1}`;
    const sopUid = `${seriesUid}.1`;
    const record: DicomRecord = {
      ...{ SpecificCharacterSet: 'ISO_IR 192', SOPClassUID: '1.2.840.10008.5.1.4.1.1.104.1', SOPInstanceUID: sopUid },
      ...{ StudyInstanceUID: studyUid, SeriesInstanceUID: seriesUid, Modality: 'DOC', SeriesNumber: index + 1 },
      ...{ SeriesDescription: title, InstanceNumber: 1, StudyDescription: 'Documents', AccessionNumber: `D${person}` },
      ...{ StudyDate: '20260115', StudyTime: '090000', DocumentTitle: title },
      ...{ PatientName: name, PatientID: mrn, IssuerOfPatientID: issuer, PatientBirthDate: birthDate, PatientSex: sex },
      ...{ MIMETypeOfEncapsulatedDocument: 'application/pdf', EncapsulatedDocument: pdf },
      EncapsulatedDocumentLength: pdf.length,
    };
    return { studyUid, seriesUid, sopUid, file: encodeInstance(record) };
  });
  return { studyUid, objects };
}
