/** The parts of the page, as its address names them. */
export const TRIAGE_TABS = ['policy', 'rules', 'waits', 'history'] as const;
