import { parseArgs } from 'node:util';
import { attackReaders } from '../test/faults/fuzz/attack-readers.ts';
import { attackStation } from '../test/faults/fuzz/attack-station.ts';
import { endEverything, startStation } from '../test/system/support/start-station.ts';
import { attackPackages } from './attack-packages.ts';

const { values } = parseArgs({
  options: {
    from: { type: 'string', default: '0' },
    cases: { type: 'string', default: '20000' },
    packages: { type: 'string', default: '5000' },
  },
});
const from = Number(values.from);
const cases = Number(values.cases);
const MOST_MIB = 1024;

/** Three quarters of the cases against the readers, over real files too where there are any; the rest against a station. */
const readerCases = Math.round(cases * 0.75);
const readers = await attackReaders(from, from + readerCases, true);
console.log(
  `${readers.cases} data sets: ${readers.failures.length} failures, slowest ${readers.slowest.ms} ms (case ${readers.slowest.number}), at most ${readers.peakMiB} MiB`,
);
const station = await startStation();
const streams = await attackStation(station, from + readerCases, from + cases);
console.log(`${streams.cases} associations: ${streams.failures.length} failures, at most ${streams.peakMiB} MiB`);
const exitCode = await station.stop();
const packages = await attackPackages(from, from + Number(values.packages));
console.log(`${packages.cases} packages: ${packages.failures.length} failures;`, Object.fromEntries(packages.ends));
await endEverything();
const failures = [...readers.failures, ...streams.failures, ...packages.failures];
for (const failure of failures) console.error(failure);
if (exitCode !== 0) console.error(`the station ended with ${exitCode}`);
const isWell = failures.length === 0 && exitCode === 0 && Math.max(readers.peakMiB, streams.peakMiB) < MOST_MIB;
process.exitCode = isWell ? 0 : 1;
