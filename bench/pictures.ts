import { parseArgs } from 'node:util';
import { endEverything } from '../test/system/support/start-station.ts';
import { type ComparedPicture, comparePictures, realFiles } from './pictures/compare-pictures.ts';

const { values } = parseArgs({
  options: {
    sets: { type: 'string', default: 'cxr,ct-head-ge,mr-brain,dicom-variety' },
    /** Only paths that match this. */
    only: { type: 'string', default: '' },
    every: { type: 'string', default: '1' },
  },
});

/** Prints, for every real object with pixels, how far our picture is from that of others; asserts nothing. */
async function main(): Promise<void> {
  const files = realFiles(values.sets.split(',')).filter(
    (file, index) => new RegExp(values.only).test(file) && index % Number(values.every) === 0,
  );
  try {
    const compared = await comparePictures(files, (one) => console.log(row(one)));
    const counts = Object.entries(Object.groupBy(compared, ({ verdict }) => verdict));
    console.log(
      JSON.stringify({ bench: 'pictures', ...Object.fromEntries(counts.map(([key, all]) => [key, all?.length ?? 0])) }),
    );
  } finally {
    await endEverything();
  }
}

function row(one: ComparedPicture): string {
  const { file, frame, syntax, photometric, bits, by, largest, mean, verdict, said } = one;
  const figures = largest === null || mean === null ? '' : `${largest} ${mean.toFixed(3)}`;
  return [file, frame, syntax, photometric, bits, by ?? '-', figures, verdict, said].join(' | ');
}

await main();
