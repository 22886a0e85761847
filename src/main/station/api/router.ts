import { implement, type Router } from '@orpc/server';
import { type Contract, contract } from '../../../shared/contract/contract.ts';
import { bindAnalyses } from './analyses.ts';
import { bindAudit } from './audit.ts';
import { bindRuns } from './runs.ts';
import type { Bindings } from './bindings.ts';
import type { CallContext } from './call-context.ts';
import { bindDeliveries } from './deliveries.ts';
import { bindObjects } from './objects.ts';
import { bindKeeping } from './keeping.ts';
import { bindIdentity } from './identity.ts';
import { bindQuarantine } from './quarantine.ts';
import { bindExports, bindImports } from './media.ts';
import { bindModelFigures } from './model-figures.ts';
import { bindPeers, bindRetrievals } from './peers.ts';
import { bindModels, bindTruths } from './models.ts';
import { bindPreferences } from './preferences.ts';
import { bindSessions } from './sessions.ts';
import { bindStation } from './station.ts';
import { bindServices, bindUsers } from './users.ts';
import { bindStudies } from './studies.ts';
import { bindRouting } from './routing.ts';
import { bindTriage } from './triage.ts';
import { bindWorklist } from './worklist.ts';

/** The whole contract, implemented; one that misses a procedure does not compile. */
export function bindRouter(bindings: Bindings): ApiRouter {
  return implement(contract)
    .$context<CallContext>()
    .router({
      sessions: bindSessions(bindings),
      worklist: bindWorklist(bindings),
      studies: bindStudies(bindings),
      deliveries: bindDeliveries(bindings),
      quarantine: bindQuarantine(bindings),
      identity: bindIdentity(bindings),
      audit: bindAudit(bindings),
      objects: bindObjects(bindings),
      station: bindStation(bindings),
      users: bindUsers(bindings),
      services: bindServices(bindings),
      keeping: bindKeeping(bindings),
      peers: bindPeers(bindings),
      retrievals: bindRetrievals(bindings),
      imports: bindImports(bindings),
      exports: bindExports(bindings),
      models: bindModels(bindings),
      truths: bindTruths(bindings),
      runs: bindRuns(bindings),
      analyses: bindAnalyses(bindings),
      modelFigures: bindModelFigures(bindings),
      triage: bindTriage(bindings),
      routing: bindRouting(bindings),
      preferences: bindPreferences(bindings),
    });
}

/** The implemented contract, as its transports take it. */
export type ApiRouter = Router<Contract, CallContext>;
