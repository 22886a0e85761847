import type {
  AcceptanceCard,
  AcceptanceReport,
  AcceptanceTarget,
  BreakerCard,
  Discordance,
  ExposureRecord,
  ModelActor,
  ModelCard,
  ModelDetail,
  ModelReader,
  OperatingPointCard,
  OtherModel,
  PilotPreview,
  RefusedPackage,
  SilentResult,
  VersionComparison,
} from '../../../../shared/contract/models.ts';
import {
  ACCEPTANCE_PERMISSIONS,
  type AcceptanceRole,
  EXPOSURE_STAGES,
  type ExposureStage,
  type PilotScope,
} from '../../../../shared/domain/exposure.ts';
import type { ModelUse } from '../../../../shared/domain/model-manifest.ts';
import { ROLE_PERMISSIONS } from '../../../../shared/domain/permissions.ts';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import { actorOf, findDisplayName, listUsers, type Principal } from '../../access/index.ts';
import {
  type Acceptance,
  askProbe,
  chooseOperatingPoint,
  describeBreaker,
  currentPoint,
  findAcceptance,
  findExposure,
  findInstalledAtMs,
  findModel,
  findModelProvider,
  findRollback,
  findStandingAcceptance,
  fixTargets,
  type InstalledModel,
  isFit,
  listAcceptances,
  listModels,
  listPackageFaults,
  listPoints,
  listSteps,
  mayReport,
  missingFor,
  noteReportRead,
  noteResultsShown,
  offeredPoints,
  rollBack,
  setUses,
  signAcceptance,
  signOperatingPoint,
  suspendModel,
  takeStep,
  usesFor,
} from '../../inference/index.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Actor } from '../../platform/ledger/event.ts';
import type { ReadableDb, WritableDb } from '../../platform/store/database.ts';
import type { Readers } from './readers.ts';

type Refused = { readonly code: string };
type Act = { readonly digest: string; readonly reason: string };

/** What governs models at the caller's site. A model that the caller may not know of is as one that is not there. */
export type ModelServices = {
  list(principal: Principal): ModelCard[];
  get(principal: Principal, digest: string): ModelDetail | null;
  readers(principal: Principal): ModelReader[];
  history(principal: Principal, digest: string): ExposureRecord[] | null;
  step(
    principal: Principal,
    input: Act & { to: ExposureStage; pilot?: PilotScope | undefined },
  ): Result<ModelCard, Refused>;
  rollback(principal: Principal, input: Act & { to: 'stage-before' | 'version-before' }): Result<ModelCard, Refused>;
  suspend(principal: Principal, input: Act): Result<ModelCard, Refused>;
  setUses(principal: Principal, input: Act & { uses: ModelUse[] }): Result<ModelCard, Refused>;
  chooseOperatingPoint(
    principal: Principal,
    input: Act & { name: string | null; flagFrom: Record<string, number | null> },
  ): Result<OperatingPointCard, Refused>;
  signOperatingPoint(principal: Principal, input: Act & { version: number }): Result<ModelCard, Refused>;
  acceptances(principal: Principal, digest: string): AcceptanceCard[] | null;
  fixTargets(principal: Principal, input: Act & { targets: AcceptanceTarget[] }): Result<AcceptanceCard, Refused>;
  acceptanceReport(
    principal: Principal,
    digest: string,
    acceptanceId: string,
  ): Promise<Result<AcceptanceReport, Refused>>;
  signAcceptance(
    principal: Principal,
    input: { digest: string; acceptanceId: string; as: AcceptanceRole; reportDigest: string },
  ): Promise<Result<AcceptanceCard, Refused>>;
  probe(principal: Principal, digest: string): Result<BreakerCard, Refused>;
  pilotPreview(
    principal: Principal,
    input: { digest: string; pilot: PilotScope; limit: number },
  ): Promise<PilotPreview | null>;
  refusedPackages(): RefusedPackage[];
  comparison(principal: Principal, digest: string, otherDigest: string): Promise<Result<VersionComparison, Refused>>;
  discordances(
    principal: Principal,
    input: { digest: string; otherDigest: string; after?: string | undefined; limit: number },
  ): Promise<Result<{ discordances: Discordance[]; next: string | null }, Refused>>;
  silentResults(
    principal: Principal,
    input: { digest: string; after?: string | undefined; limit: number },
  ): Promise<{ results: SilentResult[]; next: string | null } | null>;
};

type Tools = { readonly db: WritableDb; readonly readers: Readers; readonly clock: Clock };

const NOT_FOUND = { code: 'model-not-found' } as const;

/** Always of the caller's own site; numbers are counted on the reader threads. */
export function modelServices({ db, readers, clock }: Tools): ModelServices {
  const find = (principal: Principal, digest: string): InstalledModel | null => {
    const model = findModel(db, digest);
    return model !== null && mayKnow(db, principal, model) ? model : null;
  };
  const actOf = <Input>(principal: Principal, input: Input) => ({
    ...{ ...input, siteId: principal.siteId, actor: actorOf(principal), atMs: clock.nowMs() },
  });
  const cardAfter = (
    principal: Principal,
    digest: string,
    done: Result<unknown, Refused>,
  ): Result<ModelCard, Refused> => {
    const model = findModel(db, digest);
    if (!done.ok) return done;
    return model === null ? err(NOT_FOUND) : ok(showModel(db, principal.siteId, model));
  };
  const refuseOther = (digest: string, otherDigest: string): Refused | null => {
    const [one, other] = [findModel(db, digest), findModel(db, otherDigest)];
    if (one === null || other === null) return NOT_FOUND;
    return one.manifest.id !== other.manifest.id || digest === otherDigest ? { code: 'other-model' } : null;
  };
  // Whoever may report is told of silent versions only by studies whose report is final, also where it is by a count.
  const pairOf = ({ siteId, permissions }: Principal, digest: string, otherDigest: string) => ({
    ...{ siteId, digest, otherDigest, finalOnly: mayReport(permissions) },
  });
  const findReport = async (principal: Principal, acceptance: Acceptance): Promise<AcceptanceReport> =>
    acceptance.report ??
    (await readers.run('measure-acceptance', {
      ...{ siteId: principal.siteId, digest: acceptance.digest, acceptanceId: acceptance.acceptanceId },
    }));
  return {
    list: (principal) =>
      listModels(db)
        .filter((model) => mayKnow(db, principal, model))
        .map((model) => showModel(db, principal.siteId, model)),
    get(principal, digest) {
      const model = find(principal, digest);
      return model === null ? null : describeModel(db, principal, model);
    },
    readers: ({ siteId }) =>
      listUsers(db, siteId)
        .filter(
          ({ roles, state }) =>
            state !== 'disabled' && roles.some((role) => ROLE_PERMISSIONS[role].includes('study.open')),
        )
        .map(({ userId, displayName }) => ({ userId, displayName })),
    history(principal, digest) {
      if (find(principal, digest) === null) return null;
      return listSteps(db, principal.siteId, digest).map(({ actor, uses, digest: _digest, ...step }) => ({
        ...{ ...step, uses: [...uses], by: showActor(db, actor) },
      }));
    },
    step: (principal, input) =>
      cardAfter(
        principal,
        input.digest,
        takeStep(db, { ...actOf(principal, input), permissions: principal.permissions }),
      ),
    rollback: (principal, input) => cardAfter(principal, input.digest, rollBack(db, actOf(principal, input))),
    suspend: (principal, input) => cardAfter(principal, input.digest, suspendModel(db, actOf(principal, input))),
    setUses: (principal, input) => cardAfter(principal, input.digest, setUses(db, actOf(principal, input))),
    chooseOperatingPoint(principal, input) {
      const chosen = chooseOperatingPoint(db, actOf(principal, input));
      if (!chosen.ok) return chosen;
      const model = findModel(db, input.digest);
      const point = model && listPoints(db, principal.siteId, model).find(({ version }) => version === chosen.value);
      return point ? ok(showPoint(db, point)) : err(NOT_FOUND);
    },
    signOperatingPoint: (principal, input) =>
      cardAfter(principal, input.digest, signOperatingPoint(db, actOf(principal, input))),
    acceptances(principal, digest) {
      const model = find(principal, digest);
      if (model === null) return null;
      return listAcceptances(db, principal.siteId, digest).map((one) => showAcceptance(db, model, one));
    },
    fixTargets(principal, input) {
      const fixed = fixTargets(db, actOf(principal, input));
      return fixed.ok ? acceptanceAfter(db, principal, input.digest, fixed.value) : fixed;
    },
    async acceptanceReport(principal, digest, acceptanceId) {
      const acceptance = findAcceptance(db, principal.siteId, digest, acceptanceId);
      if (acceptance === null) return err({ code: 'acceptance-not-found' });
      noteReportRead(db, acceptance, actorOf(principal), clock.nowMs());
      return ok(await findReport(principal, acceptance));
    },
    async signAcceptance(principal, input) {
      if (!principal.permissions.includes(ACCEPTANCE_PERMISSIONS[input.as]))
        return err({ code: 'signature-not-permitted' });
      const acceptance = findAcceptance(db, principal.siteId, input.digest, input.acceptanceId);
      if (acceptance === null) return err({ code: 'acceptance-not-found' });
      const report = await findReport(principal, acceptance);
      const { siteId, userId } = principal;
      const signed = signAcceptance(db, { ...input, siteId, userId, report, atMs: clock.nowMs() });
      return signed.ok ? acceptanceAfter(db, principal, input.digest, input.acceptanceId) : signed;
    },
    probe(principal, digest) {
      const asked = askProbe(db, actOf(principal, { digest }));
      return asked.ok ? ok(describeBreaker(db, digest)) : asked;
    },
    async pilotPreview(principal, { digest, pilot, limit }) {
      if (find(principal, digest) === null) return null;
      return readers.run('preview-pilot', { siteId: principal.siteId, digest, pilot, limit });
    },
    refusedPackages: () =>
      [...Map.groupBy(listPackageFaults(db), ({ packagePath }) => packagePath).values()].flatMap((faults) => {
        const [first] = faults;
        if (first === undefined) return [];
        const { packagePath, digest, foundAtMs } = first;
        return {
          ...{ packagePath, digest, foundAtMs },
          faults: faults.map(({ code, field, value, expected }) => ({ code, field, value, expected })),
        };
      }),
    async comparison(principal, digest, otherDigest) {
      const refused = refuseOther(digest, otherDigest);
      if (refused !== null) return err(refused);
      return ok(await readers.run('compare-versions', pairOf(principal, digest, otherDigest)));
    },
    async discordances(principal, { digest, otherDigest, after, limit }) {
      const refused = refuseOther(digest, otherDigest);
      if (refused !== null) return err(refused);
      const question = { ...pairOf(principal, digest, otherDigest), after, limit };
      const window = await readers.run('list-discordances', question);
      const { siteId, userId } = principal;
      const studyIds = window.discordances.map(({ studyId }) => studyId);
      for (const one of [digest, otherDigest])
        noteResultsShown(db, { siteId, digest: one, studyIds, userId, atMs: clock.nowMs() });
      return ok(window);
    },
    async silentResults(principal, { digest, after, limit }) {
      if (find(principal, digest) === null) return null;
      const { siteId, permissions, userId } = principal;
      const window = await readers.run('list-silent-results', { siteId, digest, after, limit, permissions });
      const studyIds = window.results.map(({ studyId }) => studyId);
      noteResultsShown(db, { siteId, digest, studyIds, userId, atMs: clock.nowMs() });
      return window;
    },
  };
}

/** Whoever governs models knows all of them; others know of those that are shown. */
function mayKnow(db: ReadableDb, { permissions, siteId }: Principal, model: InstalledModel): boolean {
  return permissions.includes('models.silent') || isShown(db, siteId, model);
}

function isShown(db: ReadableDb, siteId: string, { digest }: InstalledModel): boolean {
  return ['pilot', 'general'].includes(findExposure(db, siteId, digest).stage) && isFit(db, digest);
}

function showModel(db: ReadableDb, siteId: string, model: InstalledModel): ModelCard {
  const { digest, manifest, state } = model;
  const { stage, exposedBy, sinceMs, pilot } = findExposure(db, siteId, digest);
  const point = currentPoint(db, siteId, model);
  return {
    ...{ digest, modelId: manifest.id, version: manifest.version, name: manifest.name, vendor: manifest.vendor },
    ...{ intendedUse: manifest.intendedUse, clinicalUse: manifest.clinicalUse, packageState: state },
    installedAtMs: findInstalledAtMs(db, digest) ?? 0,
    breaker: describeBreaker(db, digest),
    computedOn: findModelProvider(db, digest),
    labels: manifest.labels.map(({ id, name, flagWhen }) => ({
      id,
      name,
      flagWhen,
      flagFrom: point.flagFrom[id] ?? null,
    })),
    ...{ stage, isShown: isShown(db, siteId, model), stageSinceMs: sinceMs, pilot },
    stageBy: exposedBy === null ? null : showActor(db, lastActor(db, siteId, digest, exposedBy)),
    permittedUses: [...manifest.permittedUses],
    uses: [...usesFor(db, siteId, model)],
    operatingPoint: point.version,
    isAccepted: findStandingAcceptance(db, siteId, model) !== null,
  };
}

/** Rows of before there were steps name a part of the station alone. */
function lastActor(db: ReadableDb, siteId: string, digest: string, exposedBy: string): Actor {
  return listSteps(db, siteId, digest)[0]?.actor ?? { kind: 'service', id: exposedBy };
}

function describeModel(db: ReadableDb, principal: Principal, model: InstalledModel): ModelDetail {
  const { siteId, permissions } = principal;
  const { stage } = findExposure(db, siteId, model.digest);
  const rollback = findRollback(db, siteId, model);
  const governs = permissions.includes('models.silent');
  return {
    ...showModel(db, siteId, model),
    steps: EXPOSURE_STAGES.flatMap((to) => {
      const missing = missingFor(db, { siteId, model, pilot: undefined, from: stage, to, permissions });
      return missing === null ? [] : [{ to, missing: missing.filter((code) => code !== 'pilot-scope-missing') }];
    }),
    rollback: {
      stage: rollback.stage?.to ?? null,
      version: rollback.version && {
        digest: rollback.version.model.digest,
        version: rollback.version.model.manifest.version,
        stage: rollback.version.stage,
      },
    },
    operatingPoints: listPoints(db, siteId, model).map((point) => showPoint(db, point)),
    offeredPoints: offeredPoints(model.manifest).map(({ flagFrom, ...point }) => ({
      ...point,
      flagFrom: { ...flagFrom },
    })),
    ...describeFeeding(db, principal, model),
    otherVersions: listModels(db)
      .filter((other) => other.manifest.id === model.manifest.id && other.digest !== model.digest)
      .filter((other) => governs || isShown(db, siteId, other))
      .map(({ digest, manifest }) => ({
        ...{ digest, version: manifest.version, stage: findExposure(db, siteId, digest).stage },
      })),
  };
}

/** Which models it needs answers of, and which need its own; of those that the caller may not know of, nothing. */
function describeFeeding(
  db: ReadableDb,
  principal: Principal,
  { manifest }: InstalledModel,
): Pick<ModelDetail, 'fedBy' | 'feeds'> {
  const known = listModels(db).filter((other) => mayKnow(db, principal, other));
  const show = (other: InstalledModel): OtherModel => ({
    ...{ digest: other.digest, name: other.manifest.name, version: other.manifest.version },
    stage: findExposure(db, principal.siteId, other.digest).stage,
  });
  const governs = principal.permissions.includes('models.silent');
  return {
    fedBy: manifest.feeds
      .map(({ model, versions }) => ({
        ...{ modelId: model, from: versions?.from ?? null, below: versions?.below ?? null },
        here: known.filter((other) => other.manifest.id === model).map(show),
      }))
      .filter(({ here }) => governs || here.length > 0),
    feeds: known.filter((other) => other.manifest.feeds.some((feed) => feed.model === manifest.id)).map(show),
  };
}

function showPoint(db: ReadableDb, point: ReturnType<typeof listPoints>[number]): OperatingPointCard {
  const person = (id: string | null) => (id === null ? null : showActor(db, { kind: 'user', id }));
  return {
    ...{ ...point, flagFrom: { ...point.flagFrom } },
    ...{ chosenBy: person(point.chosenBy), signedBy: person(point.signedBy) },
  };
}

function acceptanceAfter(
  db: ReadableDb,
  { siteId }: Principal,
  digest: string,
  acceptanceId: string,
): Result<AcceptanceCard, Refused> {
  const model = findModel(db, digest);
  const acceptance = findAcceptance(db, siteId, digest, acceptanceId);
  if (model === null || acceptance === null) return err({ code: 'acceptance-not-found' });
  return ok(showAcceptance(db, model, acceptance));
}

function showAcceptance(db: ReadableDb, { manifest }: InstalledModel, acceptance: Acceptance): AcceptanceCard {
  const { acceptanceId, digest, operatingPoint, state, targets, reason, fixedBy, fixedAtMs, countsFromMs } = acceptance;
  return {
    ...{ acceptanceId, digest, version: manifest.version, operatingPoint, state, targets: [...targets], reason },
    ...{ fixedBy: showActor(db, { kind: 'user', id: fixedBy }), fixedAtMs, countsFromMs },
    reportDigest: acceptance.reportDigest,
    signatures: acceptance.signatures.map(({ as, userId, atMs }) => ({
      ...{ as, by: showActor(db, { kind: 'user', id: userId }), atMs },
    })),
  };
}

function showActor(db: ReadableDb, actor: Actor): ModelActor {
  return { ...actor, display: actor.kind === 'user' ? findDisplayName(db, actor.id) : null };
}
