/**
 * Where the demo's pretend hospital is on this machine: the station has to know its archive before it is there, and whoever
 * tries the demo its page.
 */
export const DEMO_HOSPITAL = { pacs: { aeTitle: 'DEMO_PACS', port: 11_113 }, pagePort: 8643 } as const;
