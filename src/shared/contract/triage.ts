import { z } from 'zod';
import { PatientId, StudyId } from '../domain/ids.ts';
import { TriagePolicySet } from '../domain/triage-policy.ts';
import { LONGEST_EXPRESSION, RuleFault, TriageRules } from '../domain/triage-rule.ts';
import { TriageSetKind, TriageSetState } from '../domain/triage-set.ts';
import { Reason, ServiceLevel, UrgencyLevel, UrgencyStanding } from '../domain/urgency.ts';
import { ModelActor } from './models.ts';
import { BACKGROUND, procedure } from './procedure.ts';

const reason = z.string().trim().min(3).max(1000);
/** The signer's own, asked again: a signature. */
const password = z.string().min(1).max(1000);
const version = z.coerce.number().int().min(1);

/** One version of what a medical lead signs, and who stands behind it. */
export const TriageSetCard = z.object({
  version: z.number().int(),
  state: TriageSetState,
  /** The version that it brought back. */
  restores: z.number().int().nullable(),
  reason: z.string(),
  proposedBy: ModelActor,
  proposedAtMs: z.number(),
  signedBy: ModelActor.nullable(),
  signedAtMs: z.number().nullable(),
});
export const PolicyCard = TriageSetCard.extend({ kind: z.literal('policy'), body: TriagePolicySet });
export const RulesCard = TriageSetCard.extend({ kind: z.literal('rules'), body: TriageRules });
export type PolicyCard = z.infer<typeof PolicyCard>;
export type RulesCard = z.infer<typeof RulesCard>;

/** How studies are placed at the caller's site. */
export const TriageState = z.object({
  /** What holds now: the signed policy, or the starting set where none was ever signed. */
  policy: TriagePolicySet,
  isSigned: z.boolean(),
  rules: TriageRules,
  /** Every version, newest first. */
  policies: z.array(PolicyCard),
  ruleSets: z.array(RulesCard),
  /** Rules in force that could not be asked of studies: how many, and when last. */
  failures: z.array(
    z.object({ ruleId: z.string(), valueMissing: z.number().int(), failed: z.number().int(), lastAtMs: z.number() }),
  ),
  /** Models whose flags raised studies here, to be left out in a replay; with what their acceptance says of their flags. */
  models: z.array(
    z.object({
      digest: z.string(),
      name: z.string(),
      predictiveValue: z.object({ right: z.number().int(), of: z.number().int() }).nullable(),
      /** Of the Criticals it raised in the last 24 hours, how many are expected to have been wrong; null where nobody measured. */
      falseAlarms: z.number().nullable(),
    }),
  ),
});
export type TriageState = z.infer<typeof TriageState>;

const byLevel = z.record(UrgencyLevel, z.number().int());

/** What rules would make of the last 500 studies, held against those in force. */
export const RulesPreview = z.object({
  studies: z.number().int(),
  before: byLevel,
  after: byLevel,
  changes: z.number().int(),
  /** The first hundred of them. */
  changed: z.array(
    z.object({
      studyId: StudyId,
      description: z.string().nullable(),
      modality: z.string(),
      receivedAtMs: z.number(),
      before: UrgencyLevel,
      after: UrgencyLevel,
      reasons: z.array(z.object({ rule: z.string(), values: z.string() })),
    }),
  ),
  rules: z.array(
    z.object({
      id: z.string(),
      holds: z.number().int(),
      valueMissing: z.number().int(),
      failed: z.number().int(),
    }),
  ),
});
export type RulesPreview = z.infer<typeof RulesPreview>;

/** Waits in order at every twentieth of them, in milliseconds; empty of none. */
const curve = z.array(z.number());
const WaitsOf = z.object({
  studies: z.number().int(),
  /** As it really was, whatever readers passed over. */
  actual: curve,
  /** Worked anew as it was asked, by readers who open what stands first. */
  asItWas: curve,
  /** Worked anew by the same readers with something left out or changed. */
  changed: curve,
});

/** A site's log worked anew with something left out or changed. */
export const TriageReplay = z.object({
  studies: z.number().int(),
  /** The span holds more; the newest were worked. */
  isCut: z.boolean(),
  /** Studies that a model's flag raised, or asked to; and all others. */
  flagged: WaitsOf,
  others: WaitsOf,
  /** The studies whose wait differs most. */
  most: z.array(
    z.object({
      studyId: StudyId,
      isFlagged: z.boolean(),
      actualMs: z.number().nullable(),
      asItWasMs: z.number(),
      changedMs: z.number(),
      levels: z.object({ before: UrgencyLevel, after: UrgencyLevel }),
    }),
  ),
});
export type TriageReplay = z.infer<typeof TriageReplay>;

/** Why a study stands where it does, and who asked for what. */
export const StudyTriage = z.object({
  studyId: StudyId,
  patientId: PatientId,
  /** Null while it has no place: it still receives, or is no new study. */
  place: z
    .object({
      level: UrgencyLevel,
      standing: UrgencyStanding,
      /** How often it was raised or flagged: whoever sets its class says which of these they knew of. */
      raises: z.number().int(),
      serviceLevel: ServiceLevel,
      countsFromMs: z.number(),
      openByAtMs: z.number().nullable(),
      reportByAtMs: z.number().nullable(),
      /** When it goes up a class if something that came later is raised above it. */
      limitAtMs: z.number().nullable(),
      reasons: z.array(Reason),
    })
    .nullable(),
  asks: z.array(
    z.object({
      atMs: z.number(),
      cause: z.enum(['placed', 'ai', 'rule', 'person', 'limit']),
      by: z.string().nullable(),
      level: UrgencyLevel,
      said: z.string().nullable(),
    }),
  ),
  complexity: z.object({
    score: z.number(),
    parts: z.array(
      z.object({ of: z.enum(['series', 'images', 'priors']), count: z.number().int(), points: z.number() }),
    ),
  }),
  /** Classes that the caller may set now. */
  mayDeclare: z.array(UrgencyLevel),
  /** Whether lowering waits for the caller to open the images as they are now. */
  opensFirst: z.boolean(),
  /** In milliseconds: as it was up to the first opening, null while nobody opened it. */
  waitedMs: z.number().nullable(),
});
export type StudyTriage = z.infer<typeof StudyTriage>;

const study = z.object({ studyId: StudyId });
const kinds = z.object({ kind: TriageSetKind });

/** How studies are placed: what a site's medical lead signs, what it would change, and what people say of one study. */
export const triage = {
  state: procedure('triage.read', BACKGROUND).route({ method: 'GET', path: '/triage' }).output(TriageState),
  /** Nothing is placed by it until it is signed; it takes the place of what was proposed before. */
  proposePolicy: procedure('triage.propose')
    .route({ method: 'POST', path: '/triage/policies', successStatus: 201 })
    .input(z.object({ policy: TriagePolicySet, reason }))
    .output(z.object({ version: z.number().int() })),
  /** Conflicts: `rule-not-valid`. */
  proposeRules: procedure('triage.propose')
    .route({ method: 'POST', path: '/triage/rules', successStatus: 201 })
    .input(z.object({ rules: TriageRules, reason }))
    .output(z.object({ version: z.number().int() })),
  /** Conflicts: `nothing-proposed`. */
  withdraw: procedure('triage.propose')
    .route({ method: 'POST', path: '/triage/{kind}/versions/{version}/withdrawal' })
    .input(kinds.extend({ version }))
    .output(z.object({})),
  /** Puts the proposed version in force. Conflicts: `nothing-proposed`, `password-wrong`. */
  sign: procedure('triage.lead')
    .route({ method: 'POST', path: '/triage/{kind}/versions/{version}/signatures' })
    .input(kinds.extend({ version, password }))
    .output(z.object({})),
  /** Brings a signed version back as it was, under a new number and in force at once. Conflicts: `version-not-signed`, `password-wrong`. */
  rollBack: procedure('triage.lead')
    .route({ method: 'POST', path: '/triage/{kind}/versions/{version}/rollbacks' })
    .input(kinds.extend({ version, reason, password }))
    .output(z.object({ version: z.number().int() })),
  /** Why an expression is no rule, with where; null where it is one. */
  checkRule: procedure('triage.read', BACKGROUND)
    .route({ method: 'POST', path: '/triage/rule-checks' })
    .input(z.object({ when: z.string().max(LONGEST_EXPRESSION) }))
    .output(RuleFault.nullable()),
  /** Conflicts: `rule-not-valid`. */
  previewRules: procedure('triage.read')
    .route({ method: 'POST', path: '/triage/rule-previews' })
    .input(z.object({ rules: TriageRules }))
    .output(RulesPreview),
  /** Works the log of the last days anew, without all models or these, and under these rules where some are given. Conflicts: `rule-not-valid`. */
  replay: procedure('triage.read')
    .route({ method: 'POST', path: '/triage/replays' })
    .input(
      z.object({
        days: z.number().int().min(1).max(90).default(14),
        without: z.union([z.literal('all'), z.array(z.string().regex(/^[0-9a-f]{64}$/)).max(50)]).default('all'),
        rules: TriageRules.optional(),
      }),
    )
    .output(TriageReplay),
  study: procedure('study.read', BACKGROUND)
    .route({ method: 'GET', path: '/studies/{studyId}/triage' })
    .input(study)
    .output(StudyTriage),
  /**
   * A person's word on how urgent a study is. Conflicts: `patient-mismatch` (the caller has another patient before them),
   * `study-has-no-place`, `raise-not-permitted`, `lower-not-permitted`, `images-not-opened` (as they are now), `raised-meanwhile`
   * (it would be lowered, and was raised since the caller looked). `raises` is the place's as they looked; left out, they know it
   * as it stands.
   */
  declare: procedure('study.read')
    .route({ method: 'POST', path: '/studies/{studyId}/urgency' })
    .input(study.extend({ patientId: PatientId, level: UrgencyLevel, raises: z.int().min(0).optional(), reason }))
    .output(StudyTriage),
};
