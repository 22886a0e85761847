import { z } from 'zod';
import { UrgencyLevel } from './urgency.ts';

/** The longest expression and pattern that a rule may have, in characters, and how many rules a site may have. */
export const LONGEST_EXPRESSION = 1000;
export const MOST_RULES = 50;

/** One rule of a site: where its expression holds of a study, the study is raised, at most to the class it states. */
export const TriageRule = z.strictObject({
  /** What it is known by through its versions. */
  id: z
    .string()
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/)
    .max(40),
  name: z.string().trim().min(3).max(80),
  /** CEL, over RULE_VARIABLES. */
  when: z.string().trim().min(1).max(LONGEST_EXPRESSION),
  raisesTo: UrgencyLevel.exclude(['routine']),
  isOn: z.boolean(),
});
export type TriageRule = z.infer<typeof TriageRule>;

/** The rules of a site, in the order in which they are read. */
export const TriageRules = z
  .array(TriageRule)
  .max(MOST_RULES)
  .refine((rules) => new Set(rules.map(({ id }) => id)).size === rules.length, { message: 'rule-named-twice' });
export type TriageRules = z.infer<typeof TriageRules>;

type Field = {
  readonly type: 'string' | 'int' | 'double' | 'bool' | 'map<string, double>';
  /** Whether it may be unknown: a rule that needs it then leaves the study as it is. */
  readonly isOptional?: true;
  readonly says: string;
};

/** What a rule may ask of a study: the environment of its expressions, and the list that the page shows. */
export const RULE_VARIABLES = {
  study: {
    modality: { type: 'string', says: 'Modality, as DICOM writes it: "CT"' },
    description: { type: 'string', says: 'Study description; empty where there is none' },
    bodyPart: { type: 'string', says: 'Body part examined; empty where nobody said' },
    laterality: { type: 'string', says: '"L", "R", "B" or empty' },
    images: { type: 'int', says: 'Images here' },
    series: { type: 'int', says: 'Series here' },
    priors: { type: 'int', says: 'Other studies of the patient here' },
    isComplete: { type: 'bool', says: 'Whether all of its images are here, or are taken to be' },
  },
  patient: {
    ageYears: {
      type: 'int',
      isOptional: true,
      says: 'Whole years at the study’s date; unknown where a date is missing',
    },
    sex: { type: 'string', says: '"F", "M", "O" or empty' },
  },
  order: {
    isMatched: { type: 'bool', says: 'Whether an order is matched; false until orders are received' },
  },
  ai: {
    state: {
      type: 'string',
      says: '"flagged", "no-flag", "not-run", "running", "late", "waiting", "awaiting-images", "no-model", "not-applicable"; never of silent models',
    },
    reason: { type: 'string', says: 'Why it was not run; else empty' },
  },
  finding: {
    code: { type: 'string', says: 'Code of what was flagged' },
    name: { type: 'string', says: 'Its name' },
    category: { type: 'int', says: 'ACR category: 1, 2 or 3' },
    score: { type: 'double', says: 'Score, 0 to 1' },
    model: { type: 'string', says: 'Name of the model' },
    isKnown: { type: 'bool', says: 'Whether an earlier study of the patient had it, accepted or reported' },
    measurements: { type: 'map<string, double>', says: 'Measurements by code, in the unit of the finding' },
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, Field>>>>;

/** Why an expression is no rule, with where in it. `message` is the checker's own. */
export const RuleFault = z.object({
  code: z.enum([
    'does-not-parse',
    'wrong-type',
    'not-a-question',
    'matches-not-allowed',
    'takes-too-long',
    'pattern-not-literal',
    'pattern-not-valid',
  ]),
  message: z.string(),
  start: z.number().int(),
  end: z.number().int(),
});
export type RuleFault = z.infer<typeof RuleFault>;
