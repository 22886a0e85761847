import { cleanup, render } from '@testing-library/react';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { PatientId } from '../../../shared/domain/ids.ts';
import { setUpText } from '../app/text/text.ts';
import { PatientHeader } from './PatientHeader.tsx';
import { patientColour } from './patient-colour.ts';

beforeAll(() => void setUpText());
afterEach(cleanup);

const patient = {
  patientId: PatientId.parse('01890000-0000-7000-8000-000000000001'),
  name: 'OKAFOR^Amara',
  birthDateRaw: '19701122',
  sex: 'F',
  mrn: 'MRN1',
  issuer: null,
  nameAlert: true,
  underInvestigation: true,
};
const exam = {
  description: 'CT Head',
  modality: 'CT',
  bodyPart: 'HEAD',
  laterality: null,
  dateRaw: '20261121',
  timeRaw: '2145',
};

test('the header carries the whole identity and every doubt about it', () => {
  const { container } = render(<PatientHeader patient={patient} accession="A1" exam={exam} />);
  for (const part of ['OKAFOR, Amara', '1970-11-22', 'F', '55 y', 'MRN1', 'A1', 'NAME ALERT', 'UNDER INVESTIGATION']) {
    expect(container.textContent).toContain(part);
  }
});

test.each([
  ['L', 'CT · CT Head · left · 2026-11-21 21:45'],
  ['B', 'CT · CT Head · both sides · 2026-11-21 21:45'],
  ['U', 'CT · CT Head · 2026-11-21 21:45'],
  ['links', 'CT · CT Head · links · 2026-11-21 21:45'],
])(
  'the side %s is said in words, what has no pair not at all, and what nobody knows as it came',
  (laterality, said) => {
    const { container } = render(<PatientHeader patient={patient} accession="A1" exam={{ ...exam, laterality }} />);
    expect(container.textContent).toContain(said);
  },
);

test('what is missing of an identity is said, not left out', () => {
  const { container } = render(<PatientHeader patient={{ ...patient, mrn: null, name: '' }} accession={null} />);
  expect(container.textContent).toContain('No name');
  expect(container.textContent?.match(/not given/g)).toHaveLength(2);
});

test('the stripe is the same for a patient and keeps away from the colours of urgency', () => {
  const colours = Array.from({ length: 200 }, (_, n) => patientColour(`01890000-0000-7000-8000-${n}`));
  expect(patientColour('a')).toBe(patientColour('a'));
  expect(new Set(colours).size).toBeGreaterThan(20);
  for (const colour of colours) {
    const hue = Number(/hsl\((\d+)/.exec(colour)?.[1]);
    expect(hue).toBeGreaterThanOrEqual(150);
    expect(hue).toBeLessThan(330);
  }
});
