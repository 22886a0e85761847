/** The parts of the page, as its address names them. */
export const TRIAGE_TABS = ['policy', 'rules', 'routing', 'waits', 'history'] as const;
