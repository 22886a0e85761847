import type { PeerQuestion, PeerStudy, PeerSummary, RetrievalCard } from '../../../../shared/contract/peers.ts';
import { StudyId } from '../../../../shared/domain/ids.ts';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import type { RetrievalReason, RetrievalWay } from '../../../../shared/domain/retrieval.ts';
import { actorOf, type Principal } from '../../access/index.ts';
import {
  type Archive,
  echoPeer,
  endRetrieval,
  findPeerTitle,
  findRetrieval,
  findStudyIdByUid,
  listPeers,
  listRetrievals,
  type PeerFailure,
  queryPeer,
  requestRetrieval,
  type Retrieval,
  type RetrievalWorker,
} from '../../archive/index.ts';
import { findStudyFace, nameActor } from './study-face.ts';

/** What peers and retrievals offer the api. */
export type PeerServices = {
  readonly peers: {
    list(principal: Principal): PeerSummary[];
    query(
      principal: Principal,
      peerId: string,
      question: PeerQuestion,
    ): Promise<Result<{ studies: PeerStudy[]; isWhole: boolean }, PeerFailure>>;
    echo(principal: Principal, peerId: string): Promise<Result<{ tookMs: number }, PeerFailure>>;
  };
  readonly retrievals: {
    list(principal: Principal, limit: number): RetrievalCard[];
    start(
      principal: Principal,
      input: {
        readonly peerId: string;
        readonly studyUid: string;
        readonly because: RetrievalReason;
        readonly how: RetrievalWay;
      },
    ): Result<RetrievalCard, { readonly code: 'peer-not-found' }>;
    cancel(
      principal: Principal,
      retrievalId: string,
    ): Result<RetrievalCard, { readonly code: 'retrieval-not-found' | 'retrieval-has-ended' }>;
  };
};

/** Binds peers and retrievals to the archive's verbs. */
export function peerServices(archive: Archive, worker: Pick<RetrievalWorker, 'notify' | 'cancel'>): PeerServices {
  const { db, clock } = archive;
  const card = (retrieval: Retrieval): RetrievalCard => {
    const { siteId, askedByKind: _kind, wantedBy: _wanted, ...shown } = retrieval;
    const studyId = findStudyIdByUid(db, siteId, retrieval.studyUid);
    return {
      ...shown,
      aeTitle: findPeerTitle(db, retrieval.peerId),
      askedBy: nameActor(db, retrieval.askedBy),
      studyId: parseId(studyId),
      study: findStudyFace(db, studyId),
    };
  };
  return {
    peers: {
      list: ({ siteId }) =>
        listPeers(db, siteId).map(({ peerId, aeTitle, intent, services, host, isArchive, isSecured }) => ({
          ...{ peerId, aeTitle, intent, isArchive, isSecured },
          services: [...services],
          canBeCalled: host !== null,
        })),
      async query(principal, peerId, question) {
        const who = { siteId: principal.siteId, peerId, actor: actorOf(principal) };
        const answered = await queryPeer(archive, who, question);
        if (!answered.ok) return answered;
        const { studies, isWhole } = answered.value;
        return ok({
          isWhole,
          studies: studies.map((study) => ({
            ...study,
            modalities: [...study.modalities],
            studyId: parseId(study.studyId),
          })),
        });
      },
      echo: (principal, peerId) => echoPeer(archive, { siteId: principal.siteId, peerId }),
    },
    retrievals: {
      list: ({ siteId }, limit) => listRetrievals(db, siteId, limit).map(card),
      start(principal, { how, ...wanted }) {
        const actor = actorOf(principal);
        const { siteId } = principal;
        const asked = requestRetrieval(db, { ...wanted, wantedBy: how, siteId, actor, atMs: clock.nowMs() });
        if (!asked.ok) return asked;
        worker.notify();
        return ok(card(asked.value));
      },
      cancel(principal, retrievalId) {
        const known = findRetrieval(db, principal.siteId, retrievalId);
        if (known === null) return err({ code: 'retrieval-not-found' });
        if (known.endedAtMs !== null) return err({ code: 'retrieval-has-ended' });
        // One that runs ends with the peer's last word; one that waits ends here.
        if (!worker.cancel(retrievalId))
          endRetrieval(db, retrievalId, { state: 'cancelled', code: null }, actorOf(principal), clock.nowMs());
        return ok(card(findRetrieval(db, principal.siteId, retrievalId) ?? known));
      },
    },
  };
}

function parseId(studyId: string | null): StudyId | null {
  return studyId === null ? null : StudyId.parse(studyId);
}
