/** The parts of a model's page, as its address names them. */
export const MODEL_TABS = [
  ...(['overview', 'exposure', 'comparison', 'results', 'coverage', 'performance', 'drift', 'runs', 'golden'] as const),
] as const;
