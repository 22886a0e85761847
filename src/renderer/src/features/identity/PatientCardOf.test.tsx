import { MantineProvider } from '@mantine/core';
import { fireEvent, render, screen } from '@testing-library/react';
import { expect, test, vi } from 'vitest';
import type { PatientIdentity } from '../../../../shared/contract/identity.ts';
import { PatientId, SeriesId } from '../../../../shared/domain/ids.ts';
import { setUpPage } from '../../app/test-page.tsx';
import { PatientCardOf } from './PatientCardOf.tsx';
import { SeriesChooser } from './SeriesChooser.tsx';

setUpPage();

const patient: PatientIdentity = {
  patientId: PatientId.parse('01990000-0000-7000-8000-000000000004'),
  identityVersion: 3,
  name: 'Doe^Jane',
  birthDateRaw: '19600102',
  sex: 'F',
  numbers: [
    { value: '4711', issuer: 'NORTH', type: 'MR', isDisputed: false },
    { value: '4711', issuer: '', type: 'MR', isDisputed: true },
  ],
  studies: 2,
  mergedInto: null,
};

test('a patient is shown with name, birth date, sex and every number with its issuer, a disputed one as such', () => {
  render(<PatientCardOf patient={patient} title="Now" />);
  const said = screen.getByRole('article').textContent;
  for (const words of [
    'Doe, Jane',
    '1960-01-02',
    'F',
    '4711, issuer NORTH',
    '4711, issuer not stated',
    'somebody else',
  ])
    expect(said).toContain(words);
  // F8 covers who it is; what it is about stays to be read.
  const hidden = [...screen.getByRole('article').querySelectorAll('[data-phi]')].map(({ textContent }) => textContent);
  expect(hidden).toEqual(expect.arrayContaining(['Doe, Jane', '1960-01-02', '4711']));
});

test('choosing a series chooses its objects; one taken out leaves it chosen in part', () => {
  const sopUids = ['1.1', '1.2', '1.3'];
  const series = {
    seriesId: SeriesId.parse('01990000-0000-7000-8000-000000000005'),
    ...{ seriesUid: '1', number: 2, description: 'Head', modality: 'CT' },
    instances: sopUids.map((sopUid, index) => ({ sopUid, number: index + 1 })),
  };
  const onChoose = vi.fn<(sopUids: ReadonlySet<string>) => void>();
  const { rerender } = render(
    <MantineProvider>
      <SeriesChooser series={[series]} chosen={new Set()} onChoose={onChoose} />
    </MantineProvider>,
  );
  fireEvent.click(screen.getByRole('checkbox', { name: 'Choose the whole series 2' }));
  expect(onChoose).toHaveBeenLastCalledWith(new Set(sopUids));
  rerender(
    <MantineProvider>
      <SeriesChooser series={[series]} chosen={new Set(['1.1', '1.2'])} onChoose={onChoose} />
    </MantineProvider>,
  );
  expect(screen.getByRole<HTMLInputElement>('checkbox', { name: 'Choose the whole series 2' }).indeterminate).toBe(
    true,
  );
});
