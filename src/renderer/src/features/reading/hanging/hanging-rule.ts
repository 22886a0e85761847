import { z } from 'zod';
import { LAYOUTS } from '../layouts.ts';
import { PANE_VIEWS } from '../panes.ts';

/** Directions in the patient (PS3.3 §C.7.6.1.1.1). */
const DIRECTIONS = ['L', 'R', 'A', 'P', 'H', 'F'] as const;

/** Which image a pane of a rule shows; what is left out does not matter. Words are looked for in the series' description, whatever their case. */
export const HungPane = z.strictObject({
  study: z.enum(['current', 'prior']).default('current'),
  modality: z.string().max(16).optional(),
  words: z.array(z.string().min(1).max(64)).max(12).default([]),
  /** Of a film: the side it is of (ImageLaterality), and its view (ViewPosition), any of these. */
  side: z.enum(['L', 'R']).optional(),
  views: z.array(z.string().min(1).max(16)).max(12).default([]),
  /** Of a film: only one with this view modifier, as `ID` where an implant is displaced (`film-view.ts`). */
  modifier: z.string().min(1).max(16).optional(),
  /** Of a breast: which edge of the picture the chest wall is turned to; what lies there meets its neighbour, on one scale. */
  chestWall: z.enum(['left', 'right']).optional(),
  /** What the right and the lower edge of the picture are turned to, where the image says how it lies. */
  towards: z.tuple([z.enum(DIRECTIONS), z.enum(DIRECTIONS)]).optional(),
  /** The digit of a window. */
  preset: z
    .string()
    .regex(/^[0-9]$/)
    .optional(),
  /** With PET over the images, or as a body in 3D. */
  shows: z.enum(PANE_VIEWS).optional(),
});
export type HungPane = z.infer<typeof HungPane>;

/** How studies of a kind open: the first rule that is about a study hangs it. */
export const HangingRule = z.strictObject({
  id: z.string().min(1).max(64),
  name: z.string().min(1).max(80),
  when: z.strictObject({
    /** The study has every one of these. */
    modalities: z.array(z.string().min(1).max(16)).min(1).max(6),
    /** Any of these stands in the body part or the study's description; none: any study. */
    bodyParts: z.array(z.string().min(1).max(64)).max(24).default([]),
    /** Series that can be displayed. */
    minSeries: z.number().int().min(1).max(999).default(1),
    maxSeries: z.number().int().min(1).max(999).default(999),
    /** Images of all of them: two views may stand in one series. */
    minImages: z.number().int().min(1).max(99_999).default(1),
    prior: z.enum(['any', 'with', 'without']).default('any'),
  }),
  layout: z.enum(LAYOUTS),
  panes: z.array(HungPane).max(8),
  /** How it hangs instead where any film of the study has this view modifier. */
  instead: z
    .strictObject({ modifier: z.string().min(1).max(16), layout: z.enum(LAYOUTS), panes: z.array(HungPane).max(8) })
    .optional(),
});
export type HangingRule = z.infer<typeof HangingRule>;

/** What a person set of hanging: rules of their own, asked before the shipped ones, and shipped ones that they switched off. */
export const HangingRules = z.strictObject({
  own: z.array(HangingRule).max(60),
  off: z.array(z.string().max(64)).max(60),
});
export type HangingRules = z.infer<typeof HangingRules>;

/** Nothing of one's own. */
export const SHIPPED_HANGING: HangingRules = { own: [], off: [] };
