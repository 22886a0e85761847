import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { ACCEPTED_TRANSFER_SYNTAXES } from '../../../src/main/station/dicom/transfer-syntaxes.ts';
import type { QuarantineReason } from '../../../src/shared/domain/study.ts';
import { temporaryFolder } from '../../system/support/start-station.ts';
import { runPeer } from './run-peer.ts';

/** An object that a station has on its disk, and what became of it there. */
export type Kept = {
  readonly digest: string;
  readonly state: 'filed' | QuarantineReason;
  /** As the station has it: some objects that it files DCMTK does not read. */
  readonly sopUid: string | null;
  readonly file: Uint8Array;
};

const META = ['0002,0002', '0002,0003', '0002,0010'];
const [NAMED_CLASS = '', NAMED_SOP = '', SYNTAX = ''] = META;
const UIDS = ['0008,0016', '0008,0018', '0020,000d', '0020,000e'];
const [CLASS = '', SOP = '', STUDY = ''] = UIDS;
const WHO = ['0010,0010', '0010,0020', '0010,0021', '0010,0030', '0010,0040'];
const AT_ONCE = 100;
const KNOWN = new Set(ACCEPTED_TRANSFER_SYNTAXES.map(({ uid }) => uid));

/** Attributes of the data set itself, by tag as dcmdump writes it; those it does not see are left out. */
type Seen = ReadonlyMap<string, string>;

/** Which objects stand in quarantine for a reason that neither DCMTK nor what else was filed bears out. */
export async function unfoundedReasons(kept: readonly Kept[]): Promise<readonly Kept[]> {
  const seen = await dumped(kept);
  const filed = kept
    .filter(({ state }) => state === 'filed')
    .map((one) => new Map([[SOP, one.sopUid ?? ''], ...(seen.get(one) ?? [])]));
  const doubts = await Promise.all(
    kept.map(async (one) => {
      const mine = seen.get(one) ?? new Map<string, string>();
      const isSame = (other: Seen, tag: string) => mine.get(tag) !== undefined && mine.get(tag) === other.get(tag);
      const isOther = (other: Seen, tags: readonly string[]) => tags.some((tag) => mine.get(tag) !== other.get(tag));
      const founded: Readonly<Record<Kept['state'], () => boolean | Promise<boolean>>> = {
        filed: () => true,
        // In a syntax that is none of ours, or no object at all: a directory of media.
        unreadable: () => !KNOWN.has(mine.get(SYNTAX) ?? '') || !mine.has(CLASS) || isFaulty(one),
        'identifiers-missing': () => UIDS.some((tag) => !isUid(mine.get(tag))),
        // STOW takes what has no header, and so names nothing.
        'uids-disagree-with-command': () =>
          !isUid(mine.get(NAMED_SOP)) ||
          mine.get(NAMED_CLASS) !== mine.get(CLASS) ||
          mine.get(NAMED_SOP) !== mine.get(SOP),
        'same-uid-other-patient': () =>
          filed.some((other) => (isSame(other, SOP) || isSame(other, STUDY)) && isOther(other, WHO)),
        'same-uid-other-study': () => filed.some((other) => isSame(other, SOP) && isOther(other, [STUDY])),
        'same-uid-other-pixels': () => filed.some((other) => other.get(SOP) === (mine.get(SOP) ?? one.sopUid)),
        'damaged-at-rest': () => false,
      };
      return (await founded[one.state]()) ? [] : [one];
    }),
  );
  return doubts.flat();
}

const isUid = (value: string | undefined) => value !== undefined && /^[0-9][0-9.]{0,63}$/.test(value);

/** More sequences within each other than this are unreadable (conformance 4.2); dcmdump sets each in by four spaces. */
const DEEPEST = 64;
const TOO_DEEP = new RegExp(`^ {${4 * DEEPEST}}`, 'm');

/** Whether DCMTK has a fault to find, or shows more nesting than we read. */
async function isFaulty({ digest, file }: Kept): Promise<boolean> {
  const name = path.join(temporaryFolder(), `${digest}.dcm`);
  writeFileSync(name, file);
  const { exitCode, output } = await runPeer('dcmdump', [name]);
  return exitCode !== 0 || /^[EWF]:/m.test(output) || TOO_DEEP.test(output);
}

async function dumped(kept: readonly Kept[]): Promise<ReadonlyMap<Kept, Seen>> {
  const folder = temporaryFolder();
  const names = kept.map(({ file }, index) => {
    const name = path.join(folder, `${index}.dcm`);
    writeFileSync(name, file);
    return name;
  });
  const wanted = [...META, ...UIDS, ...WHO].flatMap((tag) => ['+P', tag]);
  const all = new Map<Kept, Seen>();
  for (let from = 0; from < names.length; from += AT_ONCE) {
    // By name of the file, UIDs as numbers, the whole of each value; with the path to it, which tells what is nested.
    const { output } = await runPeer('dcmdump', [
      '-M',
      '+F',
      '-Un',
      '+L',
      '+p',
      ...wanted,
      ...names.slice(from, from + AT_ONCE),
    ]);
    for (const part of output.split(/^# dcmdump /m).slice(1)) {
      const index = Number(/(\d+)\.dcm/.exec(part)?.[1]);
      const one = kept[index];
      if (one === undefined) throw new Error('dcmdump names a file that it was not given');
      const lines = part.matchAll(/^\(([0-9a-f]{4},[0-9a-f]{4})\) \w\w \[(.*)\]\s+#/gm);
      all.set(one, new Map([...lines].map(([, tag = '', value = '']) => [tag, value.trim()])));
    }
  }
  return all;
}
