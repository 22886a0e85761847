import type { CoverageLimits } from '../../../../shared/contract/model-figures.ts';
import type { HealthReason, StationStatus } from '../../../../shared/contract/station.ts';
import type { Scope } from '../../access/index.ts';
import type { RetrievalWorker } from '../../archive/index.ts';
import type { DeliveryWorker } from '../../delivery/index.ts';
import type { RunnerSupervisor } from '../../inference/index.ts';
import type { Clock } from '../../platform/clock.ts';
import { appendEvent } from '../../platform/ledger/append.ts';
import type { ObjectReader } from '../../platform/objects/object-store.ts';
import type { WritableDb } from '../../platform/store/database.ts';
import { inTransaction } from '../../platform/store/transaction.ts';
import { mayReport } from '../../inference/index.ts';
import type { TriagePolicy } from '../../triage/index.ts';
import { actorOf } from '../../access/index.ts';
import type { StationServices } from '../services.ts';
import { dicomwebServices, type DicomwebTools } from './dicomweb-services.ts';
import { deliveryServices } from './delivery-services.ts';
import { type KeepingTools, keepingServices } from './keeping-services.ts';
import { mediaServices, type MediaTools } from './media-services.ts';
import { modelFigureServices } from './model-figure-services.ts';
import { modelServices } from './model-services.ts';
import { routingServices } from './routing-services.ts';
import { triageServices } from './triage-services.ts';
import { truthServices } from './truth-services.ts';
import { peerServices } from './peer-services.ts';
import type { Readers } from './readers.ts';
import { objectServices, type ObjectServiceTools } from './object-services.ts';
import { identityServices } from './identity-services.ts';
import { quarantineServices } from './quarantine-services.ts';
import { analysisServices } from './analysis-services.ts';
import { runServices } from './run-services.ts';
import { studyServices } from './study-services.ts';
import { worklistServices } from './worklist-services.ts';

/** What the services stand on. */
export type ServiceTools = {
  readonly db: WritableDb;
  readonly objects: ObjectReader;
  readonly atRest: Omit<ObjectServiceTools, 'db' | 'clock' | 'retrievals'>;
  readonly clock: Clock;
  readonly readers: Readers;
  readonly dicomweb: Omit<DicomwebTools, 'readers' | 'objects'>;
  readonly keeping: KeepingTools;
  readonly retrievals: Pick<RetrievalWorker, 'notify' | 'cancel'>;
  readonly media: Pick<MediaTools, 'imports' | 'exports'>;
  readonly deliveries: Pick<DeliveryWorker, 'notify'>;
  /** Whose state says on what a replay may be computed. */
  readonly supervisor: Pick<RunnerSupervisor, 'state'>;
  readonly coverage: CoverageLimits;
  readonly driftSuspends: boolean;
  readonly triagePolicy: TriagePolicy;
  readonly checkpoints: string;
  readonly publicKeyPem: string;
  readonly status: (scope: Scope) => StationStatus;
  readonly health: (scope: Scope | null) => { readonly ready: boolean; readonly reasons: readonly HealthReason[] };
};

/** Everything the api offers, bound to the capabilities; what may take long runs on the reader threads. */
export function createServices(tools: ServiceTools): StationServices {
  const { db, objects, clock, readers } = tools;
  return {
    worklist: worklistServices(db, clock, readers),
    studies: studyServices(tools),
    quarantine: quarantineServices(tools.dicomweb.archive, objects),
    identity: identityServices(db, clock),
    keeping: keepingServices({ db, readers, clock, ...tools.keeping }),
    deliveries: deliveryServices(tools),
    runs: runServices(tools),
    analyses: analysisServices(tools),
    audit: {
      events: (principal, query) =>
        readers.run('list-audit-events', {
          ...{ siteId: principal.siteId, ...query },
          hidesSilent: mayReport(principal.permissions),
          hidesModels: mayReport(principal.permissions) && !principal.permissions.includes('models.silent'),
          viewerId: principal.userId,
        }),
      async verify(principal) {
        const { checkpoints, publicKeyPem } = tools;
        const verification = await readers.run('verify-ledger', { checkpoints, publicKeyPem });
        inTransaction(db, () =>
          appendEvent(db, {
            kind: 'audit-verified',
            payload: { outcome: verification.outcome, events: verification.events },
            siteId: principal.siteId,
            actor: actorOf(principal),
            correlationId: verification.headHash.slice(0, 32),
            atMs: clock.nowMs(),
          }),
        );
        return verification;
      },
    },
    objects: objectServices({ db, clock, retrievals: tools.retrievals, ...tools.atRest }),
    station: { status: tools.status },
    ...peerServices(tools.dicomweb.archive, tools.retrievals),
    ...mediaServices({ db, readers, ...tools.media }),
    modelFigures: modelFigureServices({
      db,
      readers,
      clock,
      limits: tools.coverage,
      driftSuspends: tools.driftSuspends,
    }),
    models: modelServices(tools),
    truths: truthServices(tools),
    triage: triageServices(tools),
    routing: routingServices(tools),
    dicomweb: dicomwebServices({ ...tools.dicomweb, objects, readers }),
    health: tools.health,
  };
}
