import type { QuarantineEntry } from '../../../../shared/contract/quarantine.ts';
import type { Release } from '../../../../shared/domain/correction.ts';
import type { QuarantineReason } from '../../../../shared/domain/study.ts';

/** What a person may do with an object set aside. */
export type SettleAction =
  | { readonly kind: 'retry' | 'discard' | 'takeBack' }
  | { readonly kind: 'release'; readonly release: Release };

/** How objects may be let in against the outcome table, by why they were set aside. */
const RELEASES_FOR: Readonly<Record<QuarantineReason, readonly Release[]>> = {
  unreadable: [],
  'uids-disagree-with-command': [],
  'identifiers-missing': [],
  'damaged-at-rest': [],
  'same-uid-other-pixels': ['as-current-version'],
  'same-uid-other-study': ['as-current-version'],
  'same-uid-other-patient': ['as-current-version', 'into-the-study-it-names', 'as-a-study-of-its-own'],
};

/** The actions that can apply to an object; where another of the same identifier stands, it can only take that one's place. */
export function actionsFor(
  object: Pick<QuarantineEntry, 'state' | 'reason'> & { readonly standsIn: unknown },
): readonly SettleAction[] {
  if (object.state === 'released') return [];
  if (object.state === 'discarded') return [{ kind: 'takeBack' }];
  const releases = RELEASES_FOR[object.reason]
    .filter((release) => (release === 'as-current-version') === (object.standsIn !== null))
    .map((release) => ({ kind: 'release' as const, release }));
  return [{ kind: 'retry' }, ...releases, { kind: 'discard' }];
}
