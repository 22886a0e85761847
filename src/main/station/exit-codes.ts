/** Why the station refuses to start: what a person reads, and the process's exit code. docs/operations.md lists them. */
export const REFUSALS = {
  'arguments-invalid': { exitCode: 2, text: 'The command line is not understood.' },
  'config-unreadable': { exitCode: 10, text: 'The configuration file cannot be read.' },
  'config-invalid': { exitCode: 11, text: 'The configuration file is not valid.' },
  'model-folder-unreadable': {
    exitCode: 12,
    text: 'A folder of inference.modelFolders cannot be read. Mend the configuration, or put the folder back.',
  },
  'site-differs': {
    exitCode: 13,
    text: 'This data directory belongs to a site with another code. Put site.code back as it was; the name and the zone may be changed.',
  },
  'config-not-for-demo': {
    exitCode: 14,
    text: 'With --demo this configuration could reach what is real: pretend studies must not be sent there, nor real ones fetched. Leave these settings out, or leave out --demo.',
  },
  'data-not-writable': {
    exitCode: 20,
    text: 'The data directory cannot be written to. Choose another with --data, or give this user the right to write there.',
  },
  'data-in-use': {
    exitCode: 21,
    text: 'Another station is using this data directory. Stop it first, or choose another directory with --data.',
  },
  'data-not-demo': {
    exitCode: 22,
    text: 'This is not a demo data directory, so --demo will not touch it. Choose an empty directory for the demo.',
  },
  'data-is-demo': {
    exitCode: 23,
    text: 'This is a demo data directory. Start it with --demo, or choose another directory.',
  },
  'disk-full': {
    exitCode: 24,
    text: 'The disk of the data directory is full: nothing could be kept. Make room there, and start again; nothing was lost.',
  },
  'key-missing': {
    exitCode: 30,
    text: 'The database is here but its key is not. Put the key back (vault/ in the data directory, the keychain, or the environment); without it nothing can be read.',
  },
  'key-malformed': { exitCode: 31, text: 'The database key or the signing key is not in the expected form.' },
  'key-wrong': {
    exitCode: 32,
    text: 'The key does not open this database, or its first page is damaged. Put the right key back, or restore a backup.',
  },
  'database-damaged': {
    exitCode: 33,
    text: 'The database is damaged. Keep the data directory as it is and restore a backup.',
  },
  'database-newer': {
    exitCode: 34,
    text: 'The database was written by a newer Wetread. Install that version; nothing was changed.',
  },
  'database-busy': { exitCode: 35, text: 'The database is locked by another program.' },
  'tls-required': {
    exitCode: 40,
    text: 'Serving the page beyond this machine needs TLS: configure http.tls, or bind to 127.0.0.1.',
  },
  'tls-unreadable': { exitCode: 41, text: 'The TLS certificate or key file cannot be read.' },
  'http-port-taken': { exitCode: 42, text: 'The HTTP port is taken. Choose another with --http-port.' },
  'dicom-port-taken': { exitCode: 43, text: 'The DICOM port is taken. Choose another with --dicom-port.' },
  'address-unavailable': { exitCode: 44, text: 'The address to listen on is not one of this machine.' },
  'port-not-permitted': { exitCode: 45, text: 'This user may not listen on that port. Choose one above 1023.' },
} as const;

export type RefusalCode = keyof typeof REFUSALS;

/** A refusal, with details that name keys and ports but never contents. */
export type Refusal = { readonly code: RefusalCode; readonly details?: readonly string[] };
