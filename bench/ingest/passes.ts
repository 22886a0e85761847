import { spread } from '../figures.ts';
import type { ReceiverName } from './receivers.ts';

/** One receiver's measured pass over one set. */
export type Pass = {
  readonly set: string;
  readonly associations: number;
  readonly receiver: ReceiverName;
  readonly count: number;
  readonly bytes: number;
  readonly wallS: number;
  readonly cpuS: number;
  readonly senderCpuS: number;
  readonly peakBytes: number;
};

type Line = {
  readonly set: string;
  readonly associations: number;
  readonly receiver: ReceiverName;
  readonly objectsPerS: number;
  readonly megabytesPerS: number;
  readonly cpuS: number;
  readonly peakMiB: number;
  /** CPU seconds of the senders a second of the pass: near the number of associations, they are what is measured. */
  readonly senderShare: number;
  readonly toOrthanc: number | null;
  readonly toStorescp: number | null;
};

/** Prints a table for people and one JSON line for machines, medians where there were several rounds; asserts nothing. */
export function printPasses(passes: readonly Pass[]): void {
  const groups = Map.groupBy(passes, ({ set, associations, receiver }) => `${set} ${associations} ${receiver}`);
  const plain = [...groups.values()].map(lineOf);
  const lines = plain.map((line): Line => {
    const rateOf = (receiver: ReceiverName) =>
      plain.find(
        (other) => other.receiver === receiver && other.set === line.set && other.associations === line.associations,
      )?.objectsPerS;
    const ratio = (other: number | undefined) => (other === undefined ? null : rounded(line.objectsPerS / other, 2));
    return { ...line, toOrthanc: ratio(rateOf('orthanc')), toStorescp: ratio(rateOf('storescp')) };
  });
  const titles = ['set', 'assoc', 'receiver', 'obj/s', 'MB/s', 'CPU s', 'peak MiB', 'sender', '/Orthanc', '/storescp'];
  console.log(titles.map(cell).join(''));
  for (const line of lines) console.log(Object.values(line).map(cell).join(''));
  console.log(JSON.stringify({ bench: 'ingest', rounds: passes.length / groups.size, lines }));
}

function lineOf(passes: readonly Pass[]): Line {
  const [first] = passes;
  if (first === undefined) throw new Error('a group of passes is empty');
  const middle = (of: (pass: Pass) => number, digits: number) => rounded(spread('', passes.map(of)).median, digits);
  return {
    ...{ set: first.set, associations: first.associations, receiver: first.receiver },
    objectsPerS: middle((pass) => pass.count / pass.wallS, 1),
    megabytesPerS: middle((pass) => pass.bytes / 1e6 / pass.wallS, 1),
    cpuS: middle((pass) => pass.cpuS, 2),
    peakMiB: middle((pass) => pass.peakBytes / 2 ** 20, 0),
    senderShare: middle((pass) => pass.senderCpuS / pass.wallS, 2),
    ...{ toOrthanc: null, toStorescp: null },
  };
}

const cell = (value: string | number | null) => String(value ?? '').padStart(10);
const rounded = (value: number, digits: number) => Math.round(value * 10 ** digits) / 10 ** digits;
