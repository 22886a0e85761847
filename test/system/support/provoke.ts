import { COMMANDS, NO_DATA_SET } from '../../../src/main/station/dicom/dimse/command-set.ts';
import {
  type OpenAssociation,
  openAssociation,
  type RemoteAe,
} from '../../../src/main/station/dicom/open-association.ts';
import { findAt } from '../../../src/main/station/dicom/services/find.ts';
import { nAction, nCreate, type NormalizedTarget, nSet } from '../../../src/main/station/dicom/services/normalized.ts';
import { SERVICE_CLASSES } from '../../../src/main/station/dicom/services/sop-classes.ts';
import { moveFrom } from '../../../src/main/station/dicom/services/retrieve.ts';
import { dataSetOf, type SentObject } from './studies.ts';

const CT = '1.2.840.10008.5.1.4.1.1.2';
const EXPLICIT = '1.2.840.10008.1.2.1';
const COMMITMENT = { sopClass: SERVICE_CLASSES['storage-commitment-push'], sopInstanceUid: '1.2.840.10008.1.20.1.1' };
const STEP = { sopClass: SERVICE_CLASSES['performed-procedure-step'], sopInstanceUid: '1.2.3.404' };
const NOTICE = { sopClass: SERVICE_CLASSES['instance-availability'], sopInstanceUid: '1.2.3.405' };

/** A status that a station should give, and how it is asked for. */
export type Provocation = {
  readonly title: string;
  readonly status: number;
  readonly ask: (remote: RemoteAe, object: SentObject) => Promise<number | undefined>;
};

/** Requests that each status of the statement is owed to, as far as a healthy station gives it. */
export const PROVOCATIONS: readonly Provocation[] = [
  store('0000', ({ sopUid, file }) => ({ sopUid, bytes: dataSetOf(file) })),
  store('0117', ({ file }) => ({ sopUid: 'no uid', bytes: dataSetOf(file) })),
  store('0122', ({ sopUid, file }) => ({ sopUid, bytes: dataSetOf(file), sopClass: '1.2.840.10008.5.1.4.1.1.4' })),
  store('A900', ({ file }) => ({ sopUid: '1.2.3.999', bytes: dataSetOf(file) })),
  store('C000', ({ sopUid }) => ({ sopUid, bytes: Buffer.from('no data set, and no end') })),
  {
    ...{ title: 'Storage statuses', status: 0x0211 },
    ask: (remote) =>
      on(remote, CT, async (association, context) => {
        const command = {
          commandField: COMMANDS['c-find'],
          affectedSopClass: CT,
          priority: 0,
          dataSetType: NO_DATA_SET,
        };
        const answered = await association.request(context, command);
        return answered.ok ? answered.value.command.status : undefined;
      }),
  },
  find('0000', { QueryRetrieveLevel: 'STUDY', StudyInstanceUID: '1.2.3.4' }),
  find('A900', { QueryRetrieveLevel: 'SERIES', SeriesInstanceUID: '' }),
  find('A900', { QueryRetrieveLevel: 'NOWHERE' }),
  {
    ...{ title: 'Query/Retrieve statuses', status: 0xa801 },
    async ask(remote, { studyUid }) {
      const keys = { QueryRetrieveLevel: 'STUDY', StudyInstanceUID: studyUid };
      const moved = await moveFrom(remote, SERVICE_CLASSES['study-root-move'], keys, 'NOWHERE', {});
      return moved.ok ? moved.value.status : undefined;
    },
  },
  commit('0112', { ...COMMITMENT, sopInstanceUid: '1.2.3' }, 1),
  commit('0115', COMMITMENT, 1),
  commit('0123', COMMITMENT, 2),
  {
    ...commit('0124', COMMITMENT, 1),
    ask: (remote) => commit('0124', COMMITMENT, 1).ask({ ...remote, callingAe: 'ONLY-STORE' }, {} as SentObject),
  },
  {
    ...{ title: 'MPPS statuses', status: 0x0112 },
    ask: (remote) => on(remote, STEP.sopClass, async (one) => statusOf(await nSet(one, STEP, { StudyID: '1' }))),
  },
  {
    ...{ title: 'MPPS statuses', status: 0x0120 },
    ask: (remote) => on(remote, STEP.sopClass, async (one) => statusOf(await nCreate(one, STEP, { StudyID: '1' }))),
  },
  {
    ...{ title: 'MPPS statuses', status: 0x0211 },
    ask: (remote) => on(remote, STEP.sopClass, async (one) => statusOf(await nAction(one, STEP, 1, null))),
  },
  {
    ...{ title: 'IAN statuses', status: 0x0120 },
    ask: (remote) => on(remote, NOTICE.sopClass, async (one) => statusOf(await nCreate(one, NOTICE, { StudyID: '1' }))),
  },
];

type Sent = { readonly sopUid: string; readonly bytes: Uint8Array; readonly sopClass?: string };

function store(status: string, make: (object: SentObject) => Sent): Provocation {
  return {
    ...{ title: 'Storage statuses', status: Number.parseInt(status, 16) },
    ask: (remote, object) =>
      on(remote, CT, async (association, context) => {
        const { sopUid, bytes, sopClass = CT } = make(object);
        const answered = await association.request(
          context,
          {
            ...{ commandField: COMMANDS['c-store'], affectedSopClass: sopClass, affectedSopInstance: sopUid },
            ...{ priority: 0, dataSetType: 1 },
          },
          [bytes],
        );
        return answered.ok ? answered.value.command.status : undefined;
      }),
  };
}

function find(status: string, keys: Readonly<Record<string, string>>): Provocation {
  return {
    ...{ title: 'Query/Retrieve statuses', status: Number.parseInt(status, 16) },
    async ask(remote) {
      const found = await findAt(remote, SERVICE_CLASSES['study-root-find'], keys, { onMatch: () => {} });
      return found.ok ? found.value.status : undefined;
    },
  };
}

function commit(status: string, target: NormalizedTarget, type: number): Provocation {
  return {
    ...{ title: 'Commitment statuses', status: Number.parseInt(status, 16) },
    ask: (remote) =>
      on(remote, target.sopClass, async (one) =>
        statusOf(await nAction(one, target, type, { TransactionUID: '1.2.9' })),
      ),
  };
}

const statusOf = (answered: Awaited<ReturnType<typeof nSet>>) => (answered.ok ? answered.value.status : undefined);

async function on(
  remote: RemoteAe,
  sopClass: string,
  work: (association: OpenAssociation, context: OpenAssociation['contexts'][number]) => Promise<number | undefined>,
): Promise<number | undefined> {
  const opened = await openAssociation(remote, [{ sopClass, transferSyntaxes: [EXPLICIT] }]);
  const context = opened.ok ? opened.value.contexts[0] : undefined;
  if (!opened.ok || context === undefined) return undefined;
  const status = await work(opened.value, context);
  await opened.value.release();
  return status;
}
