import { freshUid } from '../dicom/fresh-uid.ts';
import type { NormalizedAnswer, NormalizedRequest, ServiceClass } from '../dicom/server-services.ts';
import { SERVICE_CLASSES } from '../dicom/services/sop-classes.ts';
import { inTurns } from '../platform/in-turns.ts';
import { durable } from '../platform/store/durability.ts';
import { isOutOfRoom } from '../platform/store/out-of-room.ts';
import type { ArchiveAssociation } from './associations.ts';
import { availabilityNotice } from './availability-notice.ts';
import { commitmentRequest } from './commitment-asked.ts';
import { takeCommitmentReport } from './commitment-requests.ts';
import type { CommitmentWorker } from './commitment-worker.ts';
import { stepChange, stepCreation } from './mpps.ts';
import type { Archive } from './receive-object.ts';

type Request = NormalizedRequest<ArchiveAssociation>;

/**
 * What the archive serves besides storing, as rows for the DICOM server: procedure steps (MPPS), announcements (IAN) and
 * storage commitment, both as who is asked and as who hears the answer. Nothing is answered before it is on the disk.
 */
export function modalityServices(
  archive: Archive,
  commitments: Pick<CommitmentWorker, 'notify' | 'isOnLine'>,
): readonly ServiceClass<ArchiveAssociation>[] {
  const { db, clock, quiet: rules } = archive;
  const kept = async (answer: () => NormalizedAnswer | Promise<NormalizedAnswer>): Promise<NormalizedAnswer> => {
    try {
      const given = await answer();
      await durable(db);
      return given;
    } catch (error) {
      if (isOutOfRoom(error)) return { status: 'resource-limitation' };
      throw error;
    }
  };
  const message = ({ sopInstanceUid, dataset, association }: Request) => ({
    ...{ sopUid: sopInstanceUid, dataset, association: association.context, rules, atMs: clock.nowMs() },
  });
  /** N-CREATE may leave the UID to us (PS3.7 §10.1.5.1.4). */
  const created = (request: Request, create: typeof stepCreation) => {
    const sopInstanceUid = request.sopInstanceUid === '' ? freshUid() : request.sopInstanceUid;
    return kept(async () => ({
      ...(await inTurns(create(db, message({ ...request, sopInstanceUid })))),
      sopInstanceUid,
    }));
  };
  return [
    {
      sopClass: SERVICE_CLASSES['performed-procedure-step'],
      takesLongLists: true,
      create: (request) => created(request, stepCreation),
      set: (request) => kept(() => inTurns(stepChange(db, message(request)))),
    },
    {
      sopClass: SERVICE_CLASSES['instance-availability'],
      takesLongLists: true,
      create: (request) => created(request, availabilityNotice),
    },
    {
      sopClass: SERVICE_CLASSES['storage-commitment-push'],
      takesLongLists: true,
      action: ({ actionTypeId, sopInstanceUid, dataset, association, reportEvent }) =>
        kept(async () => {
          const action = { actionTypeId, sopInstanceUid, dataset, association: association.context };
          const { answer, requestId } = await inTurns(commitmentRequest(db, { ...action, atMs: clock.nowMs() }));
          if (requestId !== null) commitments.isOnLine(requestId, association.calledAe, reportEvent);
          return answer;
        }),
      eventReport: ({ eventTypeId, dataset, association }) =>
        kept(() =>
          takeCommitmentReport(db, { eventTypeId, dataset, from: association.context.peer, atMs: clock.nowMs() }),
        ),
    },
  ];
}
