import { useEffect, useState } from 'react';
import type { Finding } from '../../../shared/contract/studies.ts';
import type { Mask } from './mask.ts';
import type { SeriesShelf } from './series-shelf.ts';

/** The masks of findings by finding id; a mask that could not be had is `failed`, and one not here yet is absent. */
export type Masks = ReadonlyMap<string, Mask | 'failed'>;

const NONE: Masks = new Map();

/** Loads the masks of these findings; rejected and superseded findings have none to show. */
export function useMasks(shelf: SeriesShelf, findings: readonly Finding[]): Masks {
  const [masks, setMasks] = useState<Masks>(NONE);
  const drawn = findings.filter((finding) => finding.state !== 'rejected' && finding.state !== 'superseded');
  const wanted = drawn.map((finding) => finding.findingId).join(' ');
  useEffect(() => {
    let isWanted = true;
    setMasks(NONE);
    for (const { findingId, mask } of drawn) {
      if (mask === null) continue;
      void shelf.mask(mask.href, mask).then((answer) => {
        if (isWanted) setMasks((before) => new Map(before).set(findingId, answer.ok ? answer.value : 'failed'));
      });
    }
    return () => {
      isWanted = false;
    };
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- `wanted` names the findings; their objects are new on every answer.
  }, [shelf, wanted]);
  return masks;
}
