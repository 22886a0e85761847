import { expect, test } from 'vitest';
import type { SeriesCard } from '../../../../../shared/contract/studies.ts';
import type { Stack, StackImage } from '../../../viewport/stack.ts';
import { PANES_OF } from '../layouts.ts';
import { asksForViews, type Hangable, hangBy, ruleFor, rulesInOrder } from './hang.ts';
import { type HangingRule, HangingRules, SHIPPED_HANGING } from './hanging-rule.ts';
import { SHIPPED_RULES } from './shipped-rules.ts';

function series(seriesUid: string, modality: string, description: string, instances = 30): SeriesCard {
  const seriesId = '01930000-0000-7000-8000-000000000001' as SeriesCard['seriesId'];
  return { seriesId, seriesUid, number: null, description, modality, instances, displayable: true };
}

const study = (description: string, bodyPart: string | null, ...all: readonly SeriesCard[]): Hangable => ({
  ...{ series: [...all], runs: [] },
  row: { exam: { description, bodyPart } },
});

const ruleOf = (subject: Hangable, hasPrior = false, rules = rulesInOrder(SHIPPED_HANGING)) =>
  ruleFor(rules, subject, hasPrior)?.id ?? null;

const HEAD = study(
  'CT Schädel nativ',
  null,
  series('1', 'CT', 'Scout', 1),
  series('2', 'CT', '5.0 H31s'),
  series('3', 'CT', '1.0 H60', 160),
);
const CHEST = study(
  'CT Thorax',
  'CHEST',
  series('1', 'CT', 'Lunge', 200),
  series('2', 'CT', 'Weichteil', 180),
  series('9', 'CT', 'Topo', 2),
);
const MAMMO = study('Screening', 'BREAST', series('m', 'MG', 'four', 4));

test('finds the rule by what series there are, body part, number and prior', () => {
  const film = (modality: string) => series(modality, modality, '', 1);
  expect([
    ...[ruleOf(HEAD), ruleOf(HEAD, true), ruleOf(CHEST), ruleOf(CHEST, true), ruleOf(MAMMO)],
    ruleOf(study('PET/CT', null, series('1', 'PT', 'AC'), series('2', 'CT', 'low dose'))),
    ruleOf(study('Hand', 'HAND', film('DX'), series('2', 'DX', '', 1))),
    ruleOf(study('Thorax', 'CHEST', film('CR')), true),
    ruleOf(study('Hand', 'HAND', film('DX'))),
    ruleOf(study('Abdomen', 'ABDOMEN', series('1', 'CT', ''))),
    ruleOf(study('Leber', null, series('1', 'US', ''))),
    ruleOf(study('MR Kopf', null, series('1', 'MR', 't1'), series('2', 'MR', 't2'), series('3', 'MR', 'flair'))),
  ]).toEqual([
    ...[
      'ct-head',
      'ct-head-prior',
      'ct-chest',
      'ct-chest-prior',
      'mg-four-views',
      'pt-ct',
      'dx-two-views',
      'cr-chest-prior',
    ],
    ...[null, null, 'us', 'mr'],
  ]);
});

test('asks a person’s own rules first, and none that they switched off', () => {
  const own = { ...(SHIPPED_RULES.find(({ id }) => id === 'ct-head') as HangingRule), id: 'mine' };
  expect(ruleOf(HEAD, false, rulesInOrder({ own: [own], off: [] }))).toBe('mine');
  expect(ruleOf(MAMMO, false, rulesInOrder({ own: [], off: ['mg-four-views'] }))).toBeNull();
  expect(HangingRules.safeParse({ own: [{ ...own, layout: '9x9' }], off: [] }).success).toBe(false);
});

type FilmWish = {
  readonly towards?: readonly [string, string];
  readonly modifiers?: readonly string[];
  readonly mm?: number;
};
const film = (sopUid: string, side: string, position: string, wish: FilmWish = {}): StackImage => {
  const { towards = [side === 'R' ? 'P' : 'A', 'FL'], modifiers = [], mm = 0.1 } = wish;
  const spacing = { kind: 'detector', rowMm: mm, columnMm: mm };
  const view = { side, position, modifiers };
  return {
    sopUid,
    frame: 1,
    rows: 2400,
    columns: 1800,
    spacing,
    view,
    patientOrientation: towards,
  } as unknown as StackImage;
};

const hungImages = (rule: string, subject: Hangable, images: readonly StackImage[]) => {
  const chosen = SHIPPED_RULES.find(({ id }) => id === rule) as HangingRule;
  const stack: Stack = { seriesUid: 'm', modality: 'MG', images };
  return hangBy(chosen, { study: subject, prior: null, stacks: new Map([['m', stack]]) });
};

test('hangs four mammograms back to back in whatever order they came, mirrored and turned where they were stored so', () => {
  const views = [
    film('lmlo', 'L', 'MLO'),
    // Upside down, and lying on its side.
    film('rcc', 'R', 'CC', { towards: ['A', 'R'] }),
    film('lcc', 'L', 'CC', { towards: ['R', 'P'] }),
    // Stored with its chest wall to the left, though it is a right breast.
    film('rmlo', 'R', 'MLO', { towards: ['A', 'FR'] }),
  ];
  const panes = hungImages('mg-four-views', MAMMO, views);
  expect(panes.placed.map((one) => [one?.frame?.sopUid, one?.isMirrored, one?.quarterTurns, one?.edge])).toEqual([
    ['rcc', false, 2, 'right'],
    ['lcc', false, 1, 'left'],
    ['rmlo', true, 0, 'right'],
    ['lmlo', false, 0, 'left'],
  ]);
  expect(panes.series).toEqual(['m', 'm', 'm', 'm']);
});

test('draws breasts on one scale, with room for the largest, their prior’s too, which hangs below', () => {
  const views = (prefix: string, mm: number) =>
    (['R', 'L'] as const).flatMap((side) =>
      ['CC', 'MLO'].map((position) => film(`${prefix}${side}${position}`, side, position, { mm })),
    );
  const prior = study('Screening', 'BREAST', series('p', 'MG', 'four', 4));
  const rule = ruleFor(rulesInOrder(SHIPPED_HANGING), MAMMO, true);
  if (rule === null) throw new Error('no rule is about mammograms with a prior');
  const stack = (seriesUid: string, images: readonly StackImage[]): Stack => ({ seriesUid, modality: 'MG', images });
  const stacks = new Map([
    ['m', stack('m', views('', 0.1))],
    ['p', stack('p', views('old', 0.125))],
  ]);
  const panes = hangBy(rule, { study: MAMMO, prior, stacks });
  expect([panes.layout, panes.placed.map((one) => one?.frame?.sopUid)]).toEqual([
    '2x4',
    ['RCC', 'LCC', 'RMLO', 'LMLO', 'oldRCC', 'oldLCC', 'oldRMLO', 'oldLMLO'],
  ]);
  expect(panes.placed.map((one) => one?.fitMm)).toEqual(panes.placed.map(() => ({ width: 225, height: 300 })));
});

test('lets no magnified or spot view pose as the whole breast; one with its implant displaced where there is no other', () => {
  const views = [
    film('spot', 'R', 'CC', { modifiers: ['M', 'S'] }),
    film('displaced', 'R', 'CC', { modifiers: ['ID'] }),
    film('plain', 'R', 'CC'),
    film('left', 'L', 'CC', { modifiers: ['ID'] }),
    film('tangential', 'L', 'MLO', { modifiers: ['TAN'] }),
  ];
  const panes = hungImages('mg-four-views', MAMMO, views);
  expect(panes.placed.map((one) => one?.frame?.sopUid ?? null)).toEqual([
    ...['plain', 'left', null, null],
    ...['displaced', null, null, null],
  ]);
});

test('of breasts with implants hangs every view over the one with its implant displaced, before any prior', () => {
  const views = (prefix: string, modifiers: readonly string[]) =>
    (['R', 'L'] as const).flatMap((side) =>
      ['CC', 'MLO'].map((position) => film(`${prefix}${side}${position}`, side, position, { modifiers })),
    );
  for (const rule of ['mg-four-views', 'mg-four-views-prior']) {
    const panes = hungImages(rule, MAMMO, [...views('id', ['ID']), ...views('', [])]);
    expect([panes.layout, panes.placed.map((one) => one?.frame?.sopUid)]).toEqual([
      '2x4',
      ['RCC', 'LCC', 'RMLO', 'LMLO', 'idRCC', 'idLCC', 'idRMLO', 'idLMLO'],
    ]);
    expect(panes.placed.map((one) => one?.edge)).toEqual([
      'right',
      'left',
      'right',
      'left',
      'right',
      'left',
      'right',
      'left',
    ]);
  }
});

test('shows no view twice, and none under another’s name', () => {
  const panes = hungImages('mg-four-views', MAMMO, [film('rcc', 'R', 'CC'), film('rcc2', 'R', 'CC')]);
  expect(panes.placed.map((one) => one?.frame?.sopUid ?? null)).toEqual(['rcc', null, null, null]);
});

test('hangs a chest from the front left of the one from the side, also out of one series, the patient’s left to the right', () => {
  const chest = study('Thorax', 'CHEST', series('m', 'DX', 'Chest 2V', 2));
  expect(ruleOf(chest)).toBe('dx-chest-two-views');
  const films = [film('side', 'U', 'LL', { towards: ['P', 'F'] }), film('front', 'U', 'PA', { towards: ['R', 'F'] })];
  expect(
    hungImages('dx-chest-two-views', chest, films).placed.map((one) => [
      one?.frame?.sopUid,
      one?.isMirrored,
      one?.fitMm,
    ]),
  ).toEqual([
    ['front', true, undefined],
    ['side', false, undefined],
  ]);
});

test('hangs lung and mediastinum: two series where there are two, one in two windows where there is one, never a scout', () => {
  const rule = SHIPPED_RULES.find(({ id }) => id === 'ct-chest') as HangingRule;
  const hung = (subject: Hangable) =>
    hangBy(rule, { study: subject, prior: null, stacks: new Map() }).placed.map((one) => [one?.seriesUid, one?.preset]);
  expect(hung(CHEST)).toEqual([
    ['1', '6'],
    ['2', '7'],
  ]);
  expect(hung({ ...CHEST, series: CHEST.series.filter(({ seriesUid }) => seriesUid !== '2') })).toEqual([
    ['1', '6'],
    ['1', '7'],
  ]);
});

test('leaves the prior’s place empty until it is here: nothing of this study poses as the prior', () => {
  const rule = SHIPPED_RULES.find(({ id }) => id === 'ct-head-prior') as HangingRule;
  const prior = study('CT Schädel', null, series('p', 'CT', '5.0 H31s'));
  const hung = (one: Hangable | null) => hangBy(rule, { study: HEAD, prior: one, stacks: new Map() }).series;
  expect([hung(null), hung(prior)]).toEqual([
    ['3', null],
    ['3', 'p'],
  ]);
});

test('hangs PET/CT as CT, PET, the same CT with PET over it, and the same PET as a body', () => {
  const petCt = study(
    'PET CT',
    'CHEST',
    series('1', 'CT', 'AC', 45),
    series('2', 'CT', 'lung', 40),
    series('3', 'PT', 'AC', 45),
  );
  const rule = SHIPPED_RULES.find(({ id }) => id === ruleOf(petCt));
  if (rule === undefined) throw new Error('no rule');
  const panes = hangBy(rule, { study: petCt, prior: null, stacks: new Map() });
  expect(panes.placed.map((one) => [one?.seriesUid, one?.preset, one?.shows])).toEqual([
    ['1', '5', undefined],
    ['3', '2', undefined],
    ['1', '5', 'fused'],
    ['3', null, 'volume'],
  ]);
});

test('hangs MR by weighting and fills with what is left', () => {
  const rule = SHIPPED_RULES.find(({ id }) => id === 'mr') as HangingRule;
  const subject = study(
    'MR',
    null,
    series('a', 'MR', 'ax T2 TSE'),
    series('b', 'MR', 'FLAIR'),
    series('c', 'MR', 'loc', 3),
    series('d', 'MR', 'sag T1'),
  );
  expect(hangBy(rule, { study: subject, prior: null, stacks: new Map() }).series).toEqual(['d', 'a', 'b', 'c']);
});

test('every shipped rule asks for no more viewports than its layout has, under its own id', () => {
  expect(new Set(SHIPPED_RULES.map(({ id }) => id)).size).toBe(SHIPPED_RULES.length);
  expect(SHIPPED_RULES.filter((one) => one.panes.length > PANES_OF[one.layout])).toEqual([]);
  expect(SHIPPED_RULES.filter(asksForViews).map(({ id }) => id.split('-')[0])).toEqual([
    ...['mg', 'mg', 'dx', 'dx', 'dx', 'cr', 'cr', 'cr'],
  ]);
});
