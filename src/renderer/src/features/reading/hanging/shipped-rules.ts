import { HangingRule } from './hanging-rule.ts';

const CHEST = ['chest', 'thorax', 'lung'];
const HEAD = ['head', 'brain', 'skull', 'schädel', 'cranial'];
const FRONTAL = ['PA', 'AP'];
const LATERAL = ['LL', 'RL', 'LAT', 'LATERAL', 'LLO', 'RLO'];
const OBLIQUE = ['MLO', 'ML', 'LM', 'LMO', 'SIO', 'ISO'];
const CRANIAL = ['CC', 'XCCL', 'XCCM', 'XCC', 'FB'];

/** As who stands before the patient sees them: the patient's left to the right. */
const FROM_THE_FRONT = ['L', 'F'];
/** Right breast left of the left one, chest walls meeting; seen from above, then obliquely. */
const BREASTS = [
  { modality: 'MG', side: 'R', views: CRANIAL, chestWall: 'right' },
  { modality: 'MG', side: 'L', views: CRANIAL, chestWall: 'left' },
  { modality: 'MG', side: 'R', views: OBLIQUE, chestWall: 'right' },
  { modality: 'MG', side: 'L', views: OBLIQUE, chestWall: 'left' },
];
/** Of breasts with implants every view is taken twice: over the implant, and below with it displaced. They come before a prior does. */
const IMPLANTS = {
  ...{ modifier: 'ID', layout: '2x4' },
  panes: [...BREASTS, ...BREASTS.map((pane) => ({ ...pane, modifier: 'ID' }))],
};

/** How studies open as delivered; a person's own rules are asked first. To add one, add it here: its place is its rank. */
export const SHIPPED_RULES: readonly HangingRule[] = [
  rule('pt-ct', ['PT', 'CT'], [], '2x2', [
    { modality: 'CT', preset: '5' },
    { modality: 'PT', preset: '2' },
    { modality: 'CT', preset: '5', shows: 'fused' },
    { modality: 'PT', shows: 'volume' },
  ]),
  rule(
    'mg-four-views-prior',
    ['MG'],
    [],
    '2x4',
    [...BREASTS, ...BREASTS.map((pane) => ({ ...pane, study: 'prior' }))],
    {
      prior: 'with',
    },
    IMPLANTS,
  ),
  rule('mg-four-views', ['MG'], [], '2x2', BREASTS, {}, IMPLANTS),
  rule(
    'ct-head-prior',
    ['CT'],
    HEAD,
    '1x2',
    [
      { modality: 'CT', preset: '1' },
      { study: 'prior', modality: 'CT', preset: '1' },
    ],
    {
      prior: 'with',
    },
  ),
  rule('ct-head', ['CT'], HEAD, '1x1', [{ modality: 'CT', preset: '1' }]),
  rule(
    'ct-chest-prior',
    ['CT'],
    CHEST,
    '1x2',
    [
      { modality: 'CT', preset: '6' },
      { study: 'prior', modality: 'CT', preset: '6' },
    ],
    {
      prior: 'with',
    },
  ),
  rule('ct-chest', ['CT'], CHEST, '1x2', [
    { modality: 'CT', preset: '6' },
    { modality: 'CT', preset: '7' },
  ]),
  ...(['DX', 'CR'] as const).flatMap((modality) => [
    rule(
      `${modality.toLowerCase()}-chest-prior`,
      [modality],
      CHEST,
      '1x2',
      [
        { modality, views: FRONTAL, towards: FROM_THE_FRONT },
        { study: 'prior', modality, views: FRONTAL, towards: FROM_THE_FRONT },
      ],
      { prior: 'with' },
    ),
    rule(
      `${modality.toLowerCase()}-chest-two-views`,
      [modality],
      CHEST,
      '1x2',
      [
        { modality, views: FRONTAL, towards: FROM_THE_FRONT },
        { modality, views: LATERAL },
      ],
      { minImages: 2 },
    ),
    rule(
      `${modality.toLowerCase()}-two-views`,
      [modality],
      [],
      '1x2',
      [
        { modality, views: FRONTAL },
        { modality, views: LATERAL },
      ],
      { minImages: 2 },
    ),
  ]),
  rule(
    'mr',
    ['MR'],
    [],
    '2x2',
    [
      { modality: 'MR', words: ['t1'] },
      { modality: 'MR', words: ['t2'] },
      { modality: 'MR', words: ['flair', 'dark fluid', 'stir'] },
      { modality: 'MR', words: ['dwi', 'diff', 'trace', 'b1000', 'gd', 'post'] },
    ],
    { minSeries: 3 },
  ),
  rule('mr-two', ['MR'], [], '1x2', [{ modality: 'MR' }, { modality: 'MR' }], { minSeries: 2 }),
  rule('us', ['US'], [], '1x1', [{ modality: 'US' }]),
];

function rule(
  id: string,
  modalities: readonly string[],
  bodyParts: readonly string[],
  layout: HangingRule['layout'],
  panes: readonly Record<string, unknown>[],
  when: Partial<HangingRule['when']> = {},
  instead?: Record<string, unknown>,
): HangingRule {
  return HangingRule.parse({ id, name: id, when: { modalities, bodyParts, ...when }, layout, panes, instead });
}
