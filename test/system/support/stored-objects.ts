import type { Asker } from './ask-station.ts';
import { dataSetOf, type SentObject } from './studies.ts';

/** The SOP Instance UIDs of those sent objects that WADO-RS does not answer with exactly the data-set bytes that were sent. */
export async function notStoredAsSent(
  who: Asker,
  site: string,
  objects: readonly SentObject[],
): Promise<readonly string[]> {
  const different: string[] = [];
  for (const object of objects) {
    const file = await who.storedFile(site, object);
    if (file === null || Buffer.compare(dataSetOf(file), dataSetOf(object.file)) !== 0) different.push(object.sopUid);
  }
  return different;
}
