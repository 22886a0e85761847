import { z } from 'zod';
import {
  ACCEPTANCE_ROLES,
  AcceptanceRole,
  ExposureCause,
  ExposureStage,
  PilotScope,
  STEP_NEEDS,
} from '../domain/exposure.ts';
import { FlagWhen } from '../domain/flag-when.ts';
import { StudyId, UserId } from '../domain/ids.ts';
import { ModelUse } from '../domain/model-manifest.ts';
import { BACKGROUND, procedure } from './procedure.ts';

/** A model is known by its package's digest. */
const digest = z.string().regex(/^[0-9a-f]{64}$/);
const one = z.object({ digest });
/** What people write of why; it stands with the step and never in an event. */
const reason = z.string().trim().min(3).max(1000);
/** The signer's own, asked again: a signature. */
const password = z.string().min(1).max(1000);
const signed = one.extend({ reason, password });

/** Who did something, by name where it was a person. */
export const ModelActor = z.object({
  kind: z.enum(['user', 'service', 'peer']),
  id: z.string(),
  display: z.string().nullable(),
});
export type ModelActor = z.infer<typeof ModelActor>;

/** The scores from which each label is flagged, by label id; null: never. Version 0 is what the manifest says. */
export const OperatingPointCard = z.object({
  version: z.number().int(),
  name: z.string().nullable(),
  flagFrom: z.record(z.string(), z.number().nullable()),
  state: z.enum(['proposed', 'current', 'replaced']),
  chosenBy: ModelActor.nullable(),
  chosenAtMs: z.number().nullable(),
  reason: z.string().nullable(),
  signedBy: ModelActor.nullable(),
  signedAtMs: z.number().nullable(),
});
export type OperatingPointCard = z.infer<typeof OperatingPointCard>;

/**
 * Whether runs of the model begin. `open`: it failed too often in a row and is paused; `half-open`: the next run decides.
 * `reason` is why the last one failed.
 */
export const BreakerCard = z.object({
  state: z.enum(['closed', 'open', 'half-open']),
  /** Failures in a row that speak against the model. */
  faults: z.number().int(),
  reason: z.string().nullable(),
  /** Null while closed. */
  sinceMs: z.number().nullable(),
  /** When a run tries the model by itself; null where it is not paused. */
  probeAtMs: z.number().nullable(),
});
export type BreakerCard = z.infer<typeof BreakerCard>;

/** Where a model is computed, and where the site wants it first; `because`: why it is not computed there. */
export const ModelProviderCard = z.object({
  provider: z.string(),
  providerVersion: z.string(),
  /** False: what the provider does not take of the model, the processor computes. */
  isWhole: z.boolean(),
  wanted: z.string(),
  because: z.string().nullable(),
  verifiedAtMs: z.number(),
});
export type ModelProviderCard = z.infer<typeof ModelProviderCard>;

/** A version of a model as it stands at the caller's site. */
export const ModelCard = z.object({
  digest: z.string(),
  modelId: z.string(),
  version: z.string(),
  name: z.string(),
  vendor: z.string(),
  intendedUse: z.string(),
  clinicalUse: z.string(),
  /** Of the package on this machine. */
  packageState: z.enum(['installed', 'verified', 'broken', 'gone']),
  installedAtMs: z.number(),
  breaker: BreakerCard,
  /** Null while its golden cases hold nowhere here. */
  computedOn: ModelProviderCard.nullable(),
  labels: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      flagFrom: z.number().nullable(),
      /** From which side: `at-most` where a low score is bad. */
      flagWhen: FlagWhen.default('at-least'),
    }),
  ),
  stage: ExposureStage,
  /** Whether anything of it is shown to readers: never of a model for no clinical use outside a demo. */
  isShown: z.boolean(),
  stageSinceMs: z.number().nullable(),
  stageBy: ModelActor.nullable(),
  pilot: PilotScope.nullable(),
  permittedUses: z.array(ModelUse),
  /** What the site allows of the permitted uses. */
  uses: z.array(ModelUse),
  /** Version of the operating point in force; 0: the manifest's own. */
  operatingPoint: z.number().int(),
  /** Whether an acceptance of this version at this operating point is signed. */
  isAccepted: z.boolean(),
});
export type ModelCard = z.infer<typeof ModelCard>;

/** A step that could be taken from where the model stands, and the codes of what is missing for this caller to take it. */
export const PossibleStep = z.object({
  to: ExposureStage,
  missing: z.array(z.enum([...Object.values(STEP_NEEDS), 'step-not-permitted'])),
});
export type PossibleStep = z.infer<typeof PossibleStep>;

/** Another model at the site, to lead to. */
export const OtherModel = z.object({ digest: z.string(), name: z.string(), version: z.string(), stage: ExposureStage });
export type OtherModel = z.infer<typeof OtherModel>;

export const ModelDetail = ModelCard.extend({
  /** Without what is missing where only the pilot's scope is, which is given with the step. */
  steps: z.array(PossibleStep),
  /** Where one action would take it; null where it cannot be rolled back that way. */
  rollback: z.object({
    stage: ExposureStage.nullable(),
    version: z.object({ digest: z.string(), version: z.string(), stage: ExposureStage }).nullable(),
  }),
  /** Newest first; ends with version 0, the manifest's own. */
  operatingPoints: z.array(OperatingPointCard),
  /** Operating points that the manifest offers. */
  offeredPoints: z.array(
    z.object({ id: z.string(), name: z.string(), flagFrom: z.record(z.string(), z.number().nullable()) }),
  ),
  /** Models whose answers it needs before it is run, and the versions of them that stand here as far as the caller may know; `from` and `below` bound the versions it takes. */
  fedBy: z.array(
    z.object({
      modelId: z.string(),
      from: z.string().nullable(),
      below: z.string().nullable(),
      here: z.array(OtherModel),
    }),
  ),
  /** Models that need its answers. */
  feeds: z.array(OtherModel),
  /** Other versions of the model that stand at the site, to be compared with. */
  otherVersions: z.array(z.object({ digest: z.string(), version: z.string(), stage: ExposureStage })),
});
export type ModelDetail = z.infer<typeof ModelDetail>;

/** One step on record, with the reason that was given. */
export const ExposureRecord = z.object({
  stepId: z.string(),
  from: ExposureStage,
  to: ExposureStage,
  cause: ExposureCause,
  reason: z.string().nullable(),
  pilot: PilotScope.nullable(),
  uses: z.array(ModelUse),
  operatingPoint: z.number().int(),
  acceptanceId: z.string().nullable(),
  by: ModelActor,
  atMs: z.number(),
});
export type ExposureRecord = z.infer<typeof ExposureRecord>;

/** What is promised of a label before anything was counted. Shares in 0…1; `n` counts studies. */
export const AcceptanceTarget = z.object({
  label: z.string().min(1).max(64),
  sensitivityAtLeast: z.number().min(0).max(1),
  ppvAtLeast: z.number().min(0).max(1),
  nAtLeast: z.number().int().min(1).max(1_000_000),
  positivesAtLeast: z.number().int().min(1).max(1_000_000),
});
export type AcceptanceTarget = z.infer<typeof AcceptanceTarget>;

/** A share with its Wilson 95 % interval (STANDARDS §8.1): `hits` of `of`; the value is null of nothing. */
export const Rate = z.object({
  value: z.number().nullable(),
  low: z.number(),
  high: z.number(),
  hits: z.number().int(),
  of: z.number().int(),
});
export type Rate = z.infer<typeof Rate>;

/** What flagging came to against the truth, counted in studies. */
export const Performance = z.object({
  n: z.number().int(),
  positives: z.number().int(),
  tp: z.number().int(),
  fp: z.number().int(),
  tn: z.number().int(),
  fn: z.number().int(),
  sensitivity: Rate,
  specificity: Rate,
  ppv: Rate,
  npv: Rate,
  /** Fewer than 20 positives: too few to rest a sensitivity on. */
  hasFewPositives: z.boolean(),
});
export type Performance = z.infer<typeof Performance>;

const stratum = z.array(Performance.extend({ name: z.string() }));

/** One label of an acceptance report. */
export const LabelReport = Performance.extend({
  label: z.string(),
  flagFrom: z.number().nullable(),
  /** From which side, where it is the lower one. */
  flagWhen: FlagWhen.optional(),
  target: AcceptanceTarget.nullable(),
  /** Which of the target's parts are not reached. */
  unmet: z.array(z.enum(['n', 'positives', 'sensitivity', 'ppv'])),
  /** Studies with a result and no truth; with truths that disagree; and truths given where another AI result of it was shown. */
  withoutTruth: z.number().int(),
  disputed: z.number().int(),
  truthBesideAi: z.number().int(),
  /** By manufacturer and model, sex, and age in years at the exam; empty where it is not stated. */
  byScanner: stratum,
  bySex: stratum,
  byAge: stratum,
});
export type LabelReport = z.infer<typeof LabelReport>;

/** What a version at an operating point did silently on the site's own studies. No patient is in it. */
export const AcceptanceReport = z.object({
  acceptanceId: z.string(),
  /** Of everything else here: what is signed. */
  reportDigest: z.string(),
  digest: z.string(),
  modelId: z.string(),
  version: z.string(),
  operatingPoint: z.number().int(),
  /** Runs that ended before are not counted: targets were fixed after something of them was seen. */
  countsFromMs: z.number(),
  studies: z.number().int(),
  /** Studies it was owed a run of and gave no result, by reason. */
  notRun: z.array(z.object({ reason: z.string(), studies: z.number().int() })),
  labels: z.array(LabelReport),
  /** Every target is reached. */
  isMet: z.boolean(),
  /** Acceptances of this model that were begun at the site before. */
  earlier: z.number().int(),
});
export type AcceptanceReport = z.infer<typeof AcceptanceReport>;

export const AcceptanceCard = z.object({
  acceptanceId: z.string(),
  digest: z.string(),
  version: z.string(),
  operatingPoint: z.number().int(),
  state: z.enum(['open', 'signed', 'replaced']),
  targets: z.array(AcceptanceTarget),
  reason: z.string(),
  fixedBy: ModelActor,
  fixedAtMs: z.number(),
  countsFromMs: z.number(),
  /** Of the report as the first signer saw it; null before. */
  reportDigest: z.string().nullable(),
  signatures: z.array(z.object({ as: AcceptanceRole, by: ModelActor, atMs: z.number() })).max(ACCEPTANCE_ROLES.length),
});
export type AcceptanceCard = z.infer<typeof AcceptanceCard>;

/** Two versions on the same studies, as each flags at its operating point: `onlyThis` is what this one flags and the other does not. */
export const VersionComparison = z.object({
  digest: z.string(),
  otherDigest: z.string(),
  studies: z.number().int(),
  labels: z.array(
    z.object({
      label: z.string(),
      both: z.number().int(),
      onlyThis: z.number().int(),
      onlyOther: z.number().int(),
      neither: z.number().int(),
      agreement: Rate,
      /** How much of the studies each flags. */
      flagged: Rate,
      otherFlagged: Rate,
      /** Cohen's; null where chance alone would agree. */
      kappa: z.number().nullable(),
      /** This one's score less the other's. */
      difference: z
        .object({ mean: z.number(), p5: z.number(), p50: z.number(), p95: z.number(), largest: z.number() })
        .nullable(),
    }),
  ),
});
export type VersionComparison = z.infer<typeof VersionComparison>;

/** A study of which one version flags a label and the other does not; `truth` is what readers say, null where nobody did or they disagree. */
export const Discordance = z.object({
  studyId: StudyId,
  runId: z.string(),
  otherRunId: z.string(),
  /** When the later of both runs was owed. */
  atMs: z.number(),
  label: z.string(),
  score: z.number(),
  otherScore: z.number(),
  isFlagged: z.boolean(),
  otherIsFlagged: z.boolean(),
  truth: z.boolean().nullable(),
});
export type Discordance = z.infer<typeof Discordance>;

/** The last studies with a series that the model can read, the newest first, and which of them a pilot would have shown. */
export const PilotPreview = z.object({
  studies: z.array(
    z.object({
      studyId: StudyId,
      description: z.string().nullable(),
      modality: z.string(),
      receivedAtMs: z.number(),
      outcome: z.enum(['shown', 'other-exam', 'beyond-share']),
    }),
  ),
  inPilot: z.number().int(),
});
export type PilotPreview = z.infer<typeof PilotPreview>;

/** A package that cannot be used, or does not hold on this machine (then with its digest), and everything wrong with it. */
export const RefusedPackage = z.object({
  packagePath: z.string(),
  digest: z.string().nullable(),
  foundAtMs: z.number(),
  faults: z.array(
    z.object({ code: z.string(), field: z.string(), value: z.string().nullable(), expected: z.string().nullable() }),
  ),
});
export type RefusedPackage = z.infer<typeof RefusedPackage>;

/** What a model said of one study while it was silent. */
export const SilentResult = z.object({
  runId: z.string(),
  studyId: StudyId,
  finishedAtMs: z.number(),
  labels: z.array(
    z.object({ label: z.string(), score: z.number(), isFlagged: z.boolean(), truth: z.boolean().nullable() }),
  ),
});
export type SilentResult = z.infer<typeof SilentResult>;

/** Who may report at the site: of whom the groups of a pilot are made. */
export const ModelReader = z.object({ userId: UserId, displayName: z.string() });
export type ModelReader = z.infer<typeof ModelReader>;

/** Models at the caller's site: how far each reaches, who said so, and on what grounds. */
export const models = {
  /** Silent models and what stands before are listed for those who govern them alone (`models.silent`). */
  list: procedure('models.read', BACKGROUND).route({ method: 'GET', path: '/models' }).output(z.array(ModelCard)),
  get: procedure('models.read', BACKGROUND)
    .route({ method: 'GET', path: '/models/{digest}' })
    .input(one)
    .output(ModelDetail),
  readers: procedure('models.lead', BACKGROUND)
    .route({ method: 'GET', path: '/model-readers' })
    .output(z.array(ModelReader)),
  /** Newest first. */
  history: procedure('models.silent', BACKGROUND)
    .route({ method: 'GET', path: '/models/{digest}/exposure/history' })
    .input(one)
    .output(z.array(ExposureRecord)),
  /**
   * Takes a step of the table (`EXPOSURE_STEPS`). Conflicts: `no-such-step`, `step-not-permitted`, the codes of what it needs
   * (`STEP_NEEDS`), `user-unknown` of a pilot's group, `password-wrong`.
   */
  step: procedure('models.silent')
    .route({ method: 'POST', path: '/models/{digest}/exposure/steps' })
    .input(signed.extend({ to: ExposureStage, pilot: PilotScope.optional() }))
    .output(ModelCard),
  /** One action back: to the stage before, or to the version before, which stands again as it stood. Conflicts: `nothing-to-roll-back`, `model-not-verified`, `password-wrong`. */
  rollback: procedure('models.suspend')
    .route({ method: 'POST', path: '/models/{digest}/exposure/rollbacks' })
    .input(signed.extend({ to: z.enum(['stage-before', 'version-before']) }))
    .output(ModelCard),
  /** Stops it at once: runs that wait or compute end as not run. Conflicts: `not-running`, `password-wrong`. */
  suspend: procedure('models.suspend')
    .route({ method: 'POST', path: '/models/{digest}/exposure/suspensions' })
    .input(signed)
    .output(ModelCard),
  /** Sets what the site allows, within what the manifest permits. Conflicts: `use-not-permitted`, `password-wrong`. */
  setUses: procedure('models.lead')
    .route({ method: 'PUT', path: '/models/{digest}/uses' })
    .input(signed.extend({ uses: z.array(ModelUse).max(20) }))
    .output(ModelCard),
  /** Proposes thresholds for every label; in force once somebody else signed them. Conflicts: `label-unknown`, `label-missing`, `below-least-score` (boxes of it are let go before they could flag), `password-wrong`. */
  chooseOperatingPoint: procedure('models.own')
    .route({ method: 'POST', path: '/models/{digest}/operating-points', successStatus: 201 })
    .input(
      signed.extend({
        name: z.string().trim().min(1).max(64).nullable().default(null),
        flagFrom: z.record(z.string().max(64), z.number().nullable()),
      }),
    )
    .output(OperatingPointCard),
  /**
   * Puts the proposed thresholds in force: a model that was shown stands silent again, and its acceptance begins anew.
   * Conflicts: `not-proposed`, `signer-chose-it`, `password-wrong`.
   */
  signOperatingPoint: procedure('models.lead')
    .route({ method: 'POST', path: '/models/{digest}/operating-points/{version}/signatures' })
    .input(signed.extend({ version: z.coerce.number().int().min(1) }))
    .output(ModelCard),
  acceptances: procedure('models.silent', BACKGROUND)
    .route({ method: 'GET', path: '/models/{digest}/acceptances' })
    .input(one)
    .output(z.array(AcceptanceCard)),
  /** Fixes targets for this version at its operating point; an open acceptance of it is replaced. Conflicts: `label-unknown`, `target-twice`, `password-wrong`. */
  fixTargets: procedure('models.own')
    .route({ method: 'POST', path: '/models/{digest}/acceptances', successStatus: 201 })
    .input(signed.extend({ targets: z.array(AcceptanceTarget).min(1).max(512) }))
    .output(AcceptanceCard),
  /** Counted anew while nobody signed, and that it was read stands on record; afterwards as it was signed. */
  acceptanceReport: procedure('models.silent')
    .route({ method: 'GET', path: '/models/{digest}/acceptances/{acceptanceId}/report' })
    .input(one.extend({ acceptanceId: z.string().max(64) }))
    .output(AcceptanceReport),
  /**
   * Signs the report with this digest. Conflicts: `signature-not-permitted`, `report-has-changed`, `targets-not-met`,
   * `signer-installed-it`, `signed-already`, `signer-signed-already`, `acceptance-not-open`, `operating-point-changed`, `password-wrong`.
   */
  signAcceptance: procedure('models.silent')
    .route({ method: 'POST', path: '/models/{digest}/acceptances/{acceptanceId}/signatures' })
    .input(
      one.extend({ acceptanceId: z.string().max(64), as: AcceptanceRole, reportDigest: z.string().max(64), password }),
    )
    .output(AcceptanceCard),
  /** Has one run try a paused model now, instead of when its pause is over. Conflict `not-paused`. */
  probe: procedure('models.expose')
    .route({ method: 'POST', path: '/models/{digest}/probes' })
    .input(one)
    .output(BreakerCard),
  /** Which of the last studies a pilot of this scope would have shown; nothing of what was said of them. */
  pilotPreview: procedure('models.lead', BACKGROUND)
    .route({ method: 'POST', path: '/models/{digest}/pilot-previews' })
    .input(one.extend({ pilot: PilotScope, limit: z.coerce.number().int().min(1).max(200).default(50) }))
    .output(PilotPreview),
  /** What is wrong with packages now: refused at the last start, or broken on this machine. */
  refusedPackages: procedure('models.silent', BACKGROUND)
    .route({ method: 'GET', path: '/refused-packages' })
    .output(z.array(RefusedPackage)),
  /** A version beside another of the same model, on the studies that both read; for whoever may report, on those whose report is final. Conflict `other-model`. */
  comparison: procedure('models.silent', BACKGROUND)
    .route({ method: 'GET', path: '/models/{digest}/comparison' })
    .input(one.extend({ otherDigest: digest }))
    .output(VersionComparison),
  /** The studies in which one flags what the other does not, newest first, as `silentResults` are given. Conflict `other-model`. */
  discordances: procedure('models.silent')
    .route({ method: 'GET', path: '/models/{digest}/discordances' })
    .input(
      one.extend({
        otherDigest: digest,
        after: z.string().max(200).optional(),
        limit: z.coerce.number().int().min(1).max(200).default(50),
      }),
    )
    .output(z.object({ discordances: z.array(Discordance), next: z.string().nullable() })),
  /** Silent results, newest first; who may report or classify a study sees none of it before its report is final. That they were seen is kept. */
  silentResults: procedure('models.silent')
    .route({ method: 'GET', path: '/models/{digest}/silent-results' })
    .input(
      one.extend({
        after: z
          .string()
          .regex(/^\d+~[0-9a-f-]{36}$/)
          .optional(),
        limit: z.coerce.number().int().min(1).max(200).default(50),
      }),
    )
    .output(z.object({ results: z.array(SilentResult), next: z.string().nullable() })),
};
