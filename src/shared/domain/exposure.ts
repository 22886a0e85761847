import { z } from 'zod';
import type { Permission } from './permissions.ts';

/** How far a version of a model reaches at a site (DESIGN §5.4), from not at all to everyone; `suspended` and `retired` stand beside. */
export const EXPOSURE_STAGES = ['off', 'verified', 'silent', 'pilot', 'general', 'suspended', 'retired'] as const;
export const ExposureStage = z.enum(EXPOSURE_STAGES);
export type ExposureStage = z.infer<typeof ExposureStage>;

/** Stages at which studies are owed runs. */
export const RUNNING_STAGES: ReadonlySet<ExposureStage> = new Set(['silent', 'pilot', 'general']);

/** What must hold before a step is taken; each says with its own code that it does not. */
export const STEP_NEEDS = {
  /** Its golden cases hold on this machine. */
  verified: 'model-not-verified',
  /** The manifest allows clinical use, or the data directory is a demo. */
  'clinical-use': 'no-clinical-use',
  /** An acceptance of this version at its operating point, signed by both. */
  acceptance: 'acceptance-missing',
  /** To whom, of which exams, and of what share of them the pilot shows. */
  'pilot-scope': 'pilot-scope-missing',
} as const;
export type StepNeed = keyof typeof STEP_NEEDS;

/** One step that people may take: who, and what it needs besides a reason and their password. */
export type ExposureStep = {
  readonly from: ExposureStage;
  readonly to: ExposureStage;
  readonly permission: Permission;
  readonly needs: readonly StepNeed[];
};

const RELEASE: readonly StepNeed[] = ['verified', 'clinical-use', 'acceptance'];

/** Every step there is; what is not here is refused. Nothing comes to be shown that was not verified, silent and accepted first. */
export const EXPOSURE_STEPS: readonly ExposureStep[] = [
  { from: 'off', to: 'verified', permission: 'models.expose', needs: ['verified'] },
  { from: 'verified', to: 'silent', permission: 'models.expose', needs: ['verified'] },
  { from: 'silent', to: 'pilot', permission: 'models.lead', needs: [...RELEASE, 'pilot-scope'] },
  { from: 'pilot', to: 'pilot', permission: 'models.lead', needs: [...RELEASE, 'pilot-scope'] },
  { from: 'pilot', to: 'general', permission: 'models.lead', needs: RELEASE },
  { from: 'general', to: 'pilot', permission: 'models.lead', needs: [...RELEASE, 'pilot-scope'] },
  { from: 'general', to: 'silent', permission: 'models.suspend', needs: [] },
  { from: 'pilot', to: 'silent', permission: 'models.suspend', needs: [] },
  { from: 'silent', to: 'suspended', permission: 'models.suspend', needs: [] },
  { from: 'pilot', to: 'suspended', permission: 'models.suspend', needs: [] },
  { from: 'general', to: 'suspended', permission: 'models.suspend', needs: [] },
  { from: 'suspended', to: 'silent', permission: 'models.expose', needs: ['verified'] },
  { from: 'silent', to: 'off', permission: 'models.expose', needs: [] },
  { from: 'verified', to: 'off', permission: 'models.expose', needs: [] },
  ...(['verified', 'silent', 'pilot', 'general', 'suspended'] as const).map((from) => ({
    ...{ from, to: 'retired' as const, permission: 'models.expose' as const, needs: [] },
  })),
  { from: 'retired', to: 'off', permission: 'models.expose', needs: [] },
];

/** The step from one stage to another, or null where there is none. */
export function findStep(from: ExposureStage, to: ExposureStage): ExposureStep | null {
  return EXPOSURE_STEPS.find((step) => step.from === from && step.to === to) ?? null;
}

/** What brought a model to a stage: a person's step, a rollback, a suspension, or what follows of something else. */
export const EXPOSURE_CAUSES = [
  'step',
  'rolled-back-stage',
  'rolled-back-version',
  'suspended',
  'operating-point-changed',
  'other-version-general',
  'package-gone',
  'demo',
] as const;
export const ExposureCause = z.enum(EXPOSURE_CAUSES);
export type ExposureCause = z.infer<typeof ExposureCause>;

/** To whom a pilot shows, and of what; an empty list is everyone, or every exam. */
export const PilotScope = z.object({
  /** People whom it shows to. With any, it shows in the study alone and moves no row: the list is everyone's. */
  groups: z
    .array(z.object({ name: z.string().trim().min(1).max(60), userIds: z.array(z.uuid()).min(1).max(500) }))
    .max(20),
  /** Words of the study's description, whatever their case; one of them must be in it. */
  descriptions: z.array(z.string().trim().min(1).max(64)).max(50),
  /** Of the eligible studies, told by a hash of the study that stays. */
  share: z.number().gt(0).max(1),
});
export type PilotScope = z.infer<typeof PilotScope>;

/** Who signs an acceptance: two people, each in one of these. */
export const ACCEPTANCE_ROLES = ['medical-lead', 'model-owner'] as const;
export const AcceptanceRole = z.enum(ACCEPTANCE_ROLES);
export type AcceptanceRole = z.infer<typeof AcceptanceRole>;

/** The permission that each signs by. */
export const ACCEPTANCE_PERMISSIONS: Readonly<Record<AcceptanceRole, Permission>> = {
  'medical-lead': 'models.lead',
  'model-owner': 'models.own',
};
