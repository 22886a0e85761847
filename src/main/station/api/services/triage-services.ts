import type {
  PolicyCard,
  RulesCard,
  RulesPreview,
  StudyTriage,
  TriageReplay,
  TriageState,
} from '../../../../shared/contract/triage.ts';
import { DAY_MS } from '../../../../shared/domain/durations.ts';
import { PatientId, StudyId } from '../../../../shared/domain/ids.ts';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import { complexityOf } from '../../../../shared/domain/triage-complexity.ts';
import type { TriagePolicySet } from '../../../../shared/domain/triage-policy.ts';
import type { RuleFault, TriageRules } from '../../../../shared/domain/triage-rule.ts';
import type { TriageSetKind } from '../../../../shared/domain/triage-set.ts';
import { URGENCY_LEVELS, type UrgencyLevel, urgencyRank } from '../../../../shared/domain/urgency.ts';
import { findDisplayName, type Principal } from '../../access/index.ts';
import { findStudyCard, listSeries, type StudyCard } from '../../archive/index.ts';
import { findExposure, findModel, isFit, listModels } from '../../inference/index.ts';
import type { Clock } from '../../platform/clock.ts';
import type { ReadableDb, WritableDb } from '../../platform/store/database.ts';
import { findOpenedRevision } from '../../reading/index.ts';
import {
  type Ask,
  checkRule,
  declareUrgency,
  findCurrentSet,
  findFirstOpening,
  findUrgency,
  listAsks,
  listSets,
  policyInForce,
  falseAlarmsOfDay,
  predictiveValueOf,
  proposeSet,
  rollBackSet,
  type SetOf,
  signSet,
  type TriagePolicy,
  withdrawSet,
} from '../../triage/index.ts';
import { refreshRow } from '../../worklist/index.ts';
import type { Readers } from './readers.ts';

type Refused = { readonly code: string };
type Version = { readonly kind: TriageSetKind; readonly version: number };

/** How studies of the caller's site are placed, and what people say of one. */
export type TriageServices = {
  state(principal: Principal): Promise<TriageState>;
  proposePolicy(
    principal: Principal,
    input: { policy: TriagePolicySet; reason: string },
  ): Result<{ version: number }, Refused>;
  proposeRules(
    principal: Principal,
    input: { rules: TriageRules; reason: string },
  ): Result<{ version: number }, Refused>;
  withdraw(principal: Principal, input: Version): Result<null, Refused>;
  sign(principal: Principal, input: Version): Result<null, Refused>;
  rollBack(principal: Principal, input: Version & { reason: string }): Result<{ version: number }, Refused>;
  checkRule(when: string): RuleFault | null;
  previewRules(principal: Principal, rules: TriageRules): Promise<Result<RulesPreview, Refused>>;
  replay(
    principal: Principal,
    input: { days: number; without: 'all' | string[]; rules?: TriageRules | undefined },
  ): Promise<Result<TriageReplay, Refused>>;
  study(principal: Principal, studyId: StudyId): StudyTriage | null;
  declare(
    principal: Principal,
    input: {
      studyId: StudyId;
      patientId: PatientId;
      level: UrgencyLevel;
      raises?: number | undefined;
      reason: string;
    },
  ): Result<StudyTriage, Refused>;
};

type Tools = {
  readonly db: WritableDb;
  readonly clock: Clock;
  readonly readers: Readers;
  readonly triagePolicy: TriagePolicy;
};

/** Always of the caller's own site; what looks at many studies runs on the reader threads. */
export function triageServices({ db, clock, readers, triagePolicy: policy }: Tools): TriageServices {
  const actOf = ({ siteId, userId }: Principal) => ({ siteId, userId, atMs: clock.nowMs() });
  const versionOf = (done: Result<number, Refused>) => (done.ok ? ok({ version: done.value }) : done);
  const areValid = (rules: TriageRules) => rules.every(({ when }) => checkRule(when) === null);
  const inScope = (principal: Principal, studyId: string): StudyCard | null => {
    const study = findStudyCard(db, studyId);
    return study !== null && study.siteId === principal.siteId ? study : null;
  };
  return {
    async state({ siteId }) {
      const failures = await readers.run('rule-failures', siteId);
      const signed = findCurrentSet(db, siteId, 'policy');
      return {
        policy: policyInForce(db, siteId, policy.starting),
        isSigned: signed !== null,
        rules: findCurrentSet(db, siteId, 'rules')?.body ?? [],
        policies: listSets(db, siteId, 'policy').map((set) => showSet(db, 'policy', set)),
        ruleSets: listSets(db, siteId, 'rules').map((set) => showSet(db, 'rules', set)),
        failures: [...failures],
        models: listModels(db)
          .filter(({ digest }) => isShownAt(db, siteId, digest))
          .map(({ digest, manifest }) => {
            const predictiveValue = predictiveValueOf(db, siteId, digest);
            const falseAlarms = predictiveValue && falseAlarmsOfDay(db, { siteId, digest, atMs: clock.nowMs() });
            return { digest, name: `${manifest.name} ${manifest.version}`, predictiveValue, falseAlarms };
          }),
      };
    },
    proposePolicy: (principal, { policy: body, reason }) =>
      versionOf(proposeSet(db, { ...actOf(principal), kind: 'policy', body, reason })),
    proposeRules: (principal, { rules: body, reason }) =>
      versionOf(proposeSet(db, { ...actOf(principal), kind: 'rules', body, reason })),
    withdraw: (principal, input) => withdrawSet(db, { ...actOf(principal), ...input }),
    sign: (principal, input) => signSet(db, { ...actOf(principal), ...input }),
    rollBack: (principal, input) => versionOf(rollBackSet(db, { ...actOf(principal), ...input })),
    checkRule,
    async previewRules({ siteId }, rules) {
      if (!areValid(rules)) return err({ code: 'rule-not-valid' });
      return ok(await readers.run('preview-rules', { siteId, starting: policy.starting, rules }));
    },
    async replay({ siteId }, { days, without, rules }) {
      if (rules !== undefined && !areValid(rules)) return err({ code: 'rule-not-valid' });
      const sinceMs = clock.nowMs() - days * DAY_MS;
      const { starting, zoneOf } = policy;
      const question = { siteId, starting, zone: zoneOf(siteId), sinceMs, without, rules: rules ?? null };
      return ok(await readers.run('replay-triage', question));
    },
    study(principal, studyId) {
      const study = inScope(principal, studyId);
      return study === null ? null : describeStudy(db, principal, study);
    },
    declare(principal, { studyId, raises, ...input }) {
      const study = inScope(principal, studyId);
      if (study === null) return err({ code: 'study-not-found' });
      const declared = declareUrgency(db, policy, {
        ...{ ...actOf(principal), ...input, studyId, permissions: principal.permissions },
        displayName: findDisplayName(db, principal.userId) ?? principal.userId,
        ...{ openedRevision: findOpenedRevision(db, studyId, principal.userId), knownRaises: raises },
      });
      if (!declared.ok) return declared;
      refreshRow(db, studyId);
      return ok(describeStudy(db, principal, study));
    },
  };
}

/** Of what readers are not shown nobody is told here. */
function isShownAt(db: ReadableDb, siteId: string, digest: string): boolean {
  return findExposure(db, siteId, digest).stage === 'general' && isFit(db, digest);
}

function showSet(db: ReadableDb, kind: 'policy', set: SetOf<'policy'>): PolicyCard;
function showSet(db: ReadableDb, kind: 'rules', set: SetOf<'rules'>): RulesCard;
function showSet(db: ReadableDb, kind: TriageSetKind, set: SetOf<'policy'> | SetOf<'rules'>): unknown {
  const { version, state, restores, reason, body, proposedAtMs, signedAtMs } = set;
  return {
    ...{ kind, version, state, restores, reason, body, proposedAtMs, signedAtMs },
    proposedBy: showPerson(db, set.proposedBy),
    signedBy: set.signedBy === null ? null : showPerson(db, set.signedBy),
  };
}

function showPerson(db: ReadableDb, id: string) {
  return { kind: 'user' as const, id, display: findDisplayName(db, id) };
}

function describeStudy(db: ReadableDb, { userId, permissions }: Principal, study: StudyCard): StudyTriage {
  const { studyId, images, priors, revision } = study;
  const urgency = findUrgency(db, studyId);
  const hasOpened = findOpenedRevision(db, studyId, userId) === revision;
  const rank = urgency === null ? 0 : urgencyRank(urgency.level);
  const may = (level: UrgencyLevel) =>
    urgencyRank(level) > rank
      ? permissions.includes('urgency.lower') && hasOpened
      : permissions.includes('urgency.raise') && level !== 'routine';
  const openedAtMs = findFirstOpening(db, studyId);
  return {
    ...{ studyId: StudyId.parse(studyId), patientId: PatientId.parse(study.patient.patientId) },
    place: urgency === null ? null : { ...urgency, reasons: [...urgency.reasons] },
    asks: listAsks(db, studyId).map((ask) => ({
      ...{ atMs: ask.askedAtMs, cause: ask.cause, level: ask.level, said: ask.said, by: whoAsked(db, ask) },
    })),
    complexity: showComplexity({ series: listSeries(db, studyId).length, images, priors }),
    mayDeclare: urgency === null ? [] : URGENCY_LEVELS.filter(may),
    opensFirst: rank < 2 && permissions.includes('urgency.lower') && !hasOpened,
    waitedMs: urgency === null || openedAtMs === null ? null : Math.max(0, openedAtMs - urgency.countsFromMs),
  };
}

function showComplexity(counts: Parameters<typeof complexityOf>[0]): StudyTriage['complexity'] {
  const { score, parts } = complexityOf(counts);
  return { score, parts: parts.map((part) => ({ ...part })) };
}

function whoAsked(db: ReadableDb, { cause, source }: Ask): string | null {
  if (source === null) return null;
  if (cause === 'person') return findDisplayName(db, source);
  if (cause !== 'ai') return cause === 'rule' ? source : null;
  const manifest = findModel(db, source)?.manifest;
  return manifest === undefined ? null : `${manifest.name} ${manifest.version}`;
}
