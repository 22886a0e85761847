import { type Spread, spread } from '../../bench/figures.ts';
import {
  findInstances,
  findMetadataPart,
  findSeries,
  findStudies,
  getObject,
  keepMetadataPart,
  listInstancesBelow,
  type MetadataPart,
} from '../../src/main/station/archive/index.ts';
import { describePart, type PartWork } from '../../src/main/station/api/dicomweb/describe-part.ts';
import { writeMetadata } from '../../src/main/station/api/dicomweb/metadata.ts';
import type { SoakArchive } from './open-archive.ts';
import { keysOf } from './studies.ts';

const TIMES = 200;
const PAGE = { limit: 50, offset: 0 };

/** How long searches at three levels and the metadata of a study take, asked of studies all over the archive. */
export async function timeQuestions({ reader, siteId, archive }: SoakArchive, studies: number): Promise<Spread[]> {
  const sites = [siteId];
  const services = {
    objects: archive.objects,
    findMetadata: (part: MetadataPart) => findMetadataPart(reader, part),
    keepMetadata: (part: MetadataPart, json: Uint8Array) => keepMetadataPart(archive.db, part, json),
    describePart: async (heads: PartWork['heads']) => describePart({ folder: archive.objects.folder(), heads }),
  };
  async function readMetadata(study: number) {
    const stored = listInstancesBelow(reader, sites, { studyUid: keysOf(study).studyUid }).map((instance) => ({
      ...instance,
      ...getObject(reader, instance.digest),
    }));
    let characters = 0;
    for await (const piece of writeMetadata(services, stored, () => 'http://station.example/'))
      characters += piece.length;
    if (characters < stored.length * 100) throw new Error('metadata are missing');
    return stored;
  }
  const questions: Readonly<Record<string, (study: number) => unknown>> = {
    'QIDO studies, newest 50': () => findStudies(reader, sites, {}, PAGE),
    'QIDO studies by patient id': (study) => findStudies(reader, sites, { patientId: keysOf(study).patientId }, PAGE),
    'QIDO studies by accession': (study) => findStudies(reader, sites, { accession: keysOf(study).accession }, PAGE),
    'QIDO studies of a day': (study) => {
      const { date } = keysOf(study);
      return findStudies(reader, sites, { studyDate: { from: date, to: date } }, PAGE);
    },
    'QIDO studies by name*': (study) => {
      const patientName = `${keysOf(study).patientName.slice(0, -1)}*`;
      return findStudies(reader, sites, { patientName }, PAGE);
    },
    'QIDO series of a study': (study) => findSeries(reader, sites, { studyUids: [keysOf(study).studyUid] }, PAGE),
    'QIDO instances of a study': (study) => findInstances(reader, sites, { studyUids: [keysOf(study).studyUid] }, PAGE),
    'metadata of a study, first asked': readMetadata,
    'metadata of a study, asked again': readMetadata,
  };
  const spreads: Spread[] = [];
  for (const [name, ask] of Object.entries(questions)) {
    const times: number[] = [];
    for (let index = 0; index < TIMES; index += 1) {
      const study = Math.floor((index * studies) / TIMES);
      const beganAtMs = performance.now();
      const found = (await ask(study)) as readonly unknown[];
      times.push(performance.now() - beganAtMs);
      if (found.length === 0) throw new Error(`${name}: nothing was found`);
    }
    spreads.push(spread(name, times));
  }
  return spreads;
}
