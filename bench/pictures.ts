import { parseArgs } from 'node:util';
import { endEverything } from '../test/system/support/start-station.ts';
import { type ComparedPicture, comparePictures, realFiles } from './pictures/compare-pictures.ts';
import { type MeasuredPhantom, measurePhantoms } from './pictures/measure-phantoms.ts';

const { values } = parseArgs({
  options: {
    sets: { type: 'string', default: 'cxr,ct-head-ge,mr-brain,dicom-variety' },
    /** Only paths that match this. */
    only: { type: 'string', default: '' },
    every: { type: 'string', default: '1' },
    /** Only this table: real pictures, or phantoms measured on the reading page. */
    table: { type: 'string', default: 'both' },
  },
});

/** Prints, for every real object with pixels, how far our picture and our measures are from those of others, and for every phantom what the page measures in it; asserts nothing. */
async function main(): Promise<void> {
  if (values.table !== 'phantoms') await pictures();
  if (values.table !== 'pictures') await phantoms();
}

async function phantoms(): Promise<void> {
  try {
    const measured = await measurePhantoms(new RegExp(values.only), (one) => console.log(measureRow(one)));
    const wrong = measured.filter(({ isRight }) => !isRight).length;
    console.log(JSON.stringify({ bench: 'measures', measured: measured.length, wrong }));
  } finally {
    await endEverything();
  }
}

function measureRow({ phantom, name, unit, truth, said, tolerance, isRight }: MeasuredPhantom): string {
  const figures = [truth, said, tolerance].map((one) => (one === null ? '-' : one.toFixed(3)));
  return [phantom, name, unit, ...figures, isRight ? 'right' : 'WRONG'].join(' | ');
}

async function pictures(): Promise<void> {
  const files = realFiles(values.sets.split(',')).filter(
    (file, index) => new RegExp(values.only).test(file) && index % Number(values.every) === 0,
  );
  try {
    const compared = await comparePictures(files, (one) => console.log(row(one)));
    const counts = Object.entries(Object.groupBy(compared, ({ verdict }) => verdict));
    const sum = (of: (one: ComparedPicture) => number) => compared.reduce((total, one) => total + of(one), 0);
    console.log(
      JSON.stringify({
        ...{ bench: 'pictures', ...Object.fromEntries(counts.map(([key, all]) => [key, all?.length ?? 0])) },
        ...{ measures: sum(({ measures }) => measures), wrongMeasures: sum(({ wrong }) => wrong.length) },
      }),
    );
  } finally {
    await endEverything();
  }
}

function row(one: ComparedPicture): string {
  const { file, frame, syntax, photometric, bits, by, largest, mean, verdict, said, measures, wrong } = one;
  const figures = largest === null || mean === null ? '' : `${largest} ${mean.toFixed(3)}`;
  return [
    file,
    frame,
    syntax,
    photometric,
    bits,
    by ?? '-',
    figures,
    verdict,
    said,
    `${measures} measures`,
    ...wrong,
  ].join(' | ');
}

await main();
