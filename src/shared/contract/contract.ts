import { analyses } from './analyses.ts';
import { audit } from './audit.ts';
import { deliveries } from './deliveries.ts';
import { identity } from './identity.ts';
import { quarantine } from './quarantine.ts';
import { objects } from './objects.ts';
import { exports, imports } from './media.ts';
import { modelFigures } from './model-figures.ts';
import { models } from './models.ts';
import { truths } from './truths.ts';
import { peers, retrievals } from './peers.ts';
import { preferences } from './preferences.ts';
import type { GuardedRouter } from './procedure.ts';
import { keeping } from './keeping.ts';
import { runs } from './runs.ts';
import { sessions } from './sessions.ts';
import { station } from './station.ts';
import { studies } from './studies.ts';
import { routing } from './routing.ts';
import { triage } from './triage.ts';
import { services, users } from './users.ts';
import { worklist } from './worklist.ts';

/** Everything a page or a service may ask of the station: one contract, over WebSocket and as REST. */
export const contract = {
  sessions,
  worklist,
  studies,
  deliveries,
  quarantine,
  identity,
  audit,
  objects,
  station,
  users,
  services,
  keeping,
  peers,
  retrievals,
  imports,
  exports,
  models,
  truths,
  runs,
  analyses,
  modelFigures,
  triage,
  routing,
  preferences,
} satisfies GuardedRouter;
export type Contract = typeof contract;
