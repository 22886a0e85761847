/**
 * Where the demo's pretend hospital is on this machine: the station has to know its archive, order system and record before
 * they are there, and whoever tries the demo its page.
 */
export const DEMO_HOSPITAL = {
  pacs: { aeTitle: 'DEMO_PACS', port: 11_113 },
  /** Where the station listens for HL7, once it does. */
  stationHl7Port: 2575,
  /** Takes results over MLLP. */
  ris: { port: 2576 },
  /** FHIR R4 below `/fhir`. */
  ehr: { port: 8644 },
  pagePort: 8643,
} as const;
