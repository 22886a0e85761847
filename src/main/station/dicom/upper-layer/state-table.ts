/**
 * The association's states (PS3.8 §9.2.2): Sta1 idle · Sta2 connected, awaiting A-ASSOCIATE-RQ · Sta3 awaiting the local
 * answer · Sta4 connecting · Sta5 awaiting A-ASSOCIATE-AC or -RJ · Sta6 established · Sta7 awaiting A-RELEASE-RP · Sta8
 * awaiting the local release answer · Sta9 to Sta12 release collision · Sta13 awaiting the end of the connection.
 */
export const STATES = [
  'Sta1',
  'Sta2',
  'Sta3',
  'Sta4',
  'Sta5',
  'Sta6',
  'Sta7',
  'Sta8',
  'Sta9',
  'Sta10',
  'Sta11',
  'Sta12',
  'Sta13',
] as const;
export type State = (typeof STATES)[number];

/** What can happen to an association, in the order of PS3.8 Table 9-10: Evt1 to Evt19. */
export const EVENTS = [
  'associate-asked', // Evt1: local user
  'transport-opened', // Evt2
  'associate-accept-received', // Evt3
  'associate-reject-received', // Evt4
  'transport-accepted', // Evt5
  'associate-request-received', // Evt6
  'accept-answered', // Evt7: local user
  'reject-answered', // Evt8: local user
  'data-asked', // Evt9: local user
  'data-received', // Evt10
  'release-asked', // Evt11: local user
  'release-request-received', // Evt12
  'release-response-received', // Evt13
  'release-answered', // Evt14: local user
  'abort-asked', // Evt15: local user
  'abort-received', // Evt16
  'transport-closed', // Evt17
  'artim-expired', // Evt18
  'invalid-pdu-received', // Evt19
] as const;
export type Event = (typeof EVENTS)[number];

/** What an association does (PS3.8 Tables 9-6 to 9-9), each with the state it leads to; two depend on more. */
export const NEXT_STATE = {
  'AE-1': 'Sta4', // open the transport
  'AE-2': 'Sta5', // send A-ASSOCIATE-RQ
  'AE-3': 'Sta6', // confirm: accepted
  'AE-4': 'Sta1', // confirm: rejected, close
  'AE-5': 'Sta2', // start ARTIM
  'AE-6': 'Sta3', // indicate the request; Sta13 where the provider itself refuses it
  'AE-7': 'Sta6', // send A-ASSOCIATE-AC
  'AE-8': 'Sta13', // send A-ASSOCIATE-RJ, start ARTIM
  'DT-1': 'Sta6', // send P-DATA-TF
  'DT-2': 'Sta6', // indicate data
  'AR-1': 'Sta7', // send A-RELEASE-RQ
  'AR-2': 'Sta8', // indicate release
  'AR-3': 'Sta1', // confirm release, close
  'AR-4': 'Sta13', // send A-RELEASE-RP, start ARTIM
  'AR-5': 'Sta1', // stop ARTIM
  'AR-6': 'Sta7', // indicate data
  'AR-7': 'Sta8', // send P-DATA-TF
  'AR-8': 'Sta9', // indicate release collision; Sta10 for the acceptor
  'AR-9': 'Sta11', // send A-RELEASE-RP
  'AR-10': 'Sta12', // confirm release
  'AA-1': 'Sta13', // send A-ABORT, start ARTIM
  'AA-2': 'Sta1', // stop ARTIM, close
  'AA-3': 'Sta1', // indicate abort, close
  'AA-4': 'Sta1', // indicate provider abort
  'AA-5': 'Sta1', // stop ARTIM
  'AA-6': 'Sta13', // ignore
  'AA-7': 'Sta13', // send A-ABORT
  'AA-8': 'Sta13', // send A-ABORT of the provider, indicate provider abort, start ARTIM
} as const satisfies Record<string, State>;
export type Action = keyof typeof NEXT_STATE;

type Row = Readonly<Partial<Record<Event, Action>>>;

/** What any established or releasing association does with what it did not expect. */
const UNEXPECTED: Row = {
  'associate-accept-received': 'AA-8',
  'associate-reject-received': 'AA-8',
  'associate-request-received': 'AA-8',
  'data-received': 'AA-8',
  'release-request-received': 'AA-8',
  'release-response-received': 'AA-8',
  'abort-asked': 'AA-1',
  'abort-received': 'AA-3',
  'transport-closed': 'AA-4',
  'invalid-pdu-received': 'AA-8',
};

/** PS3.8 Table 9-10: what happens in which state; a pair that is absent cannot happen. */
export const ACTIONS: Readonly<Record<State, Row>> = {
  Sta1: { 'associate-asked': 'AE-1', 'transport-accepted': 'AE-5' },
  Sta2: {
    'associate-accept-received': 'AA-1',
    'associate-reject-received': 'AA-1',
    'associate-request-received': 'AE-6',
    'data-received': 'AA-1',
    'release-request-received': 'AA-1',
    'release-response-received': 'AA-1',
    'abort-received': 'AA-2',
    'transport-closed': 'AA-5',
    'artim-expired': 'AA-2',
    'invalid-pdu-received': 'AA-1',
  },
  Sta3: { ...UNEXPECTED, 'accept-answered': 'AE-7', 'reject-answered': 'AE-8' },
  Sta4: { 'transport-opened': 'AE-2', 'abort-asked': 'AA-2', 'transport-closed': 'AA-4' },
  Sta5: { ...UNEXPECTED, 'associate-accept-received': 'AE-3', 'associate-reject-received': 'AE-4' },
  Sta6: {
    ...UNEXPECTED,
    'data-asked': 'DT-1',
    'data-received': 'DT-2',
    'release-asked': 'AR-1',
    'release-request-received': 'AR-2',
  },
  Sta7: {
    ...UNEXPECTED,
    'data-received': 'AR-6',
    'release-request-received': 'AR-8',
    'release-response-received': 'AR-3',
  },
  Sta8: { ...UNEXPECTED, 'data-asked': 'AR-7', 'release-answered': 'AR-4' },
  Sta9: { ...UNEXPECTED, 'release-answered': 'AR-9' },
  Sta10: { ...UNEXPECTED, 'release-response-received': 'AR-10' },
  Sta11: { ...UNEXPECTED, 'release-response-received': 'AR-3' },
  Sta12: { ...UNEXPECTED, 'release-answered': 'AR-4' },
  Sta13: {
    'associate-accept-received': 'AA-6',
    'associate-reject-received': 'AA-6',
    'associate-request-received': 'AA-7',
    'data-received': 'AA-6',
    'release-request-received': 'AA-6',
    'release-response-received': 'AA-6',
    'abort-received': 'AA-2',
    'transport-closed': 'AR-5',
    'artim-expired': 'AA-2',
    'invalid-pdu-received': 'AA-7',
  },
};

/** The action for an event in a state and the state it leads to; null where the pair cannot happen. */
export function transition(
  state: State,
  event: Event,
  role: 'acceptor' | 'requestor',
): readonly [Action, State] | null {
  const action = ACTIONS[state][event];
  if (action === undefined) return null;
  return [action, action === 'AR-8' && role === 'acceptor' ? 'Sta10' : NEXT_STATE[action]];
}
