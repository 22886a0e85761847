import type { QueryClient } from '@tanstack/react-query';
import {
  createHashHistory,
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Navigate,
  Outlet,
  redirect,
  type Router,
} from '@tanstack/react-router';
import { z } from 'zod';
import { QuarantineState } from '../../../shared/contract/quarantine.ts';
import { RunId, StudyId } from '../../../shared/domain/ids.ts';
import { QuarantineReason } from '../../../shared/domain/study.ts';
import { useSession, userOf } from '../bridge/session.ts';
import { MODEL_TABS } from '../features/models/model-tabs.ts';
import { NewPasswordPage } from '../features/sign-in/NewPasswordPage.tsx';
import { SignInPage } from '../features/sign-in/SignInPage.tsx';
import { TRIAGE_TABS } from '../features/triage/triage-tabs.ts';
import { WorklistPage } from '../features/worklist/WorklistPage.tsx';
import { RouteFault } from './ErrorBoundary.tsx';
import { Shell } from './Shell.tsx';

/** What routes reach for besides their own pages. */
type RouteContext = { readonly cache: QueryClient };

const root = createRootRouteWithContext<RouteContext>()({
  component: Outlet,
  notFoundComponent: () => <Navigate to="/worklist" replace />,
});

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  beforeLoad: () => {
    if (useSession.getState().state === 'signed-in') throw redirect({ to: '/worklist', replace: true });
  },
  component: SignInPage,
});

const shell = createRoute({
  getParentRoute: () => root,
  id: 'shell',
  beforeLoad: () => {
    const session = useSession.getState();
    if (session.state !== 'signed-in') throw redirect({ to: '/sign-in', replace: true });
    if (session.user.mustChangePassword === true) throw redirect({ to: '/new-password', replace: true });
  },
  component: Shell,
});

const newPassword = createRoute({
  getParentRoute: () => root,
  path: '/new-password',
  beforeLoad: () => {
    const session = useSession.getState();
    if (session.state !== 'signed-in') throw redirect({ to: '/sign-in', replace: true });
    if (session.user.mustChangePassword !== true) throw redirect({ to: '/worklist', replace: true });
  },
  component: NewPasswordPage,
});

const index = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/worklist', replace: true });
  },
});

const worklist = createRoute({ getParentRoute: () => shell, path: '/worklist', component: WorklistPage });

/** The reading page and its viewer are large: they load when the first study opens. */
const reading = createRoute({
  getParentRoute: () => shell,
  path: '/reading/$studyId',
  params: { parse: ({ studyId }) => ({ studyId: StudyId.parse(studyId) }), stringify: ({ studyId }) => ({ studyId }) },
  // What was made ready may have been let go since: asked again, it is there or comes.
  preloadStaleTime: 0,
  loader({ params, context, cause }) {
    if (cause !== 'stay') void beginReading(context.cache, params.studyId, cause === 'preload');
  },
  component: lazyRouteComponent(() => import('./ReadingRoute.tsx'), 'ReadingRoute'),
});

/** What a study opens with is asked for while its page is on the way; ahead of that, with the code of its images. */
async function beginReading(cache: QueryClient, studyId: StudyId, ahead: boolean): Promise<void> {
  if (ahead) void import('../features/reading/ReadingRoom.tsx').catch(() => undefined);
  // Code that cannot be had is asked for again with the page, which then says so.
  const begin = await import('../features/reading/begin-study.ts').catch(() => null);
  await (ahead ? begin?.makeReady(cache, studyId, 'opening') : begin?.beginStudy(cache, studyId));
}

/** A window of one study's images beside the main window, without what surrounds its pages. */
const viewer = createRoute({
  getParentRoute: () => root,
  path: '/viewer/$studyId',
  params: { parse: ({ studyId }) => ({ studyId: StudyId.parse(studyId) }), stringify: ({ studyId }) => ({ studyId }) },
  validateSearch: z.object({ main: z.string().max(64).catch('') }),
  beforeLoad: () => {
    if (useSession.getState().state !== 'signed-in') throw redirect({ to: '/sign-in', replace: true });
  },
  component: lazyRouteComponent(() => import('./ReadingRoute.tsx'), 'ViewerRoute'),
});

const AuditSearch = z.object({
  study: StudyId.optional().catch(undefined),
  kind: z.string().max(60).optional().catch(undefined),
  actor: z.string().max(100).optional().catch(undefined),
});

const audit = createRoute({
  getParentRoute: () => shell,
  path: '/audit',
  validateSearch: AuditSearch,
  component: lazyRouteComponent(() => import('../features/audit/AuditPage.tsx'), 'AuditPage'),
});

const QuarantineSearch = z.object({
  state: QuarantineState.optional().catch(undefined),
  reason: QuarantineReason.optional().catch(undefined),
});

const quarantine = createRoute({
  getParentRoute: () => shell,
  path: '/quarantine',
  validateSearch: QuarantineSearch,
  component: lazyRouteComponent(() => import('../features/quarantine/QuarantinePage.tsx'), 'QuarantinePage'),
});

const ArchiveSearch = z.object({
  tab: z.enum(['find', 'transfers', 'peers']).optional().catch(undefined),
  study: StudyId.optional().catch(undefined),
});

const archive = createRoute({
  getParentRoute: () => shell,
  path: '/archive',
  validateSearch: ArchiveSearch,
  component: lazyRouteComponent(() => import('../features/archive/ArchivePage.tsx'), 'ArchivePage'),
});

const identity = createRoute({
  getParentRoute: () => shell,
  path: '/identity/$studyId',
  params: { parse: ({ studyId }) => ({ studyId: StudyId.parse(studyId) }), stringify: ({ studyId }) => ({ studyId }) },
  component: lazyRouteComponent(() => import('../features/identity/StudyIdentityPage.tsx'), 'StudyIdentityPage'),
});

const corrections = createRoute({
  getParentRoute: () => shell,
  path: '/corrections',
  component: lazyRouteComponent(() => import('../features/identity/CorrectionsPage.tsx'), 'CorrectionsPage'),
});

const run = createRoute({
  getParentRoute: () => shell,
  path: '/runs/$runId',
  params: { parse: ({ runId }) => ({ runId: RunId.parse(runId) }), stringify: ({ runId }) => ({ runId }) },
  component: lazyRouteComponent(() => import('../features/runs/RunPage.tsx'), 'RunPage'),
});

const media = createRoute({
  getParentRoute: () => shell,
  path: '/media',
  validateSearch: z.object({ study: StudyId.optional().catch(undefined) }),
  component: lazyRouteComponent(() => import('../features/media/MediaPage.tsx'), 'MediaPage'),
});

const storage = createRoute({
  getParentRoute: () => shell,
  path: '/storage',
  validateSearch: z.object({ tab: z.enum(['cache', 'retention', 'integrity']).optional().catch(undefined) }),
  component: lazyRouteComponent(() => import('../features/storage/StoragePage.tsx'), 'StoragePage'),
});

const models = createRoute({
  getParentRoute: () => shell,
  path: '/models',
  component: lazyRouteComponent(() => import('../features/models/ModelsPage.tsx'), 'ModelsPage'),
});

const model = createRoute({
  getParentRoute: () => shell,
  path: '/models/$digest',
  validateSearch: z.object({
    tab: z.enum(MODEL_TABS).optional().catch(undefined),
    /** Of its runs: those that ended without a result, for this reason or for any. */
    because: z.string().max(64).optional().catch(undefined),
    notRun: z.literal(true).optional().catch(undefined),
  }),
  component: lazyRouteComponent(() => import('../features/models/ModelPage.tsx'), 'ModelPage'),
});

const triage = createRoute({
  getParentRoute: () => shell,
  path: '/triage',
  validateSearch: z.object({ tab: z.enum(TRIAGE_TABS).optional().catch(undefined) }),
  component: lazyRouteComponent(() => import('../features/triage/TriagePage.tsx'), 'TriagePage'),
});

const studyTriage = createRoute({
  getParentRoute: () => shell,
  path: '/triage/studies/$studyId',
  params: { parse: ({ studyId }) => ({ studyId: StudyId.parse(studyId) }), stringify: ({ studyId }) => ({ studyId }) },
  component: lazyRouteComponent(() => import('../features/triage/StudyTriagePage.tsx'), 'StudyTriagePage'),
});

const reference = createRoute({
  getParentRoute: () => shell,
  path: '/reference',
  component: lazyRouteComponent(() => import('../features/reference/ReferencePage.tsx'), 'ReferencePage'),
});

const routes = root.addChildren([
  index,
  signIn,
  newPassword,
  viewer,
  shell.addChildren([
    worklist,
    reading,
    archive,
    quarantine,
    identity,
    corrections,
    audit,
    media,
    storage,
    models,
    run,
    model,
    triage,
    studyTriage,
    reference,
  ]),
]);

/** The page's router; the address lives in the hash, so the station serves one file and sees no study id in a URL. */
export type PageRouter = Router<typeof routes>;

/** Makes the router and sends whoever loses their session to sign-in, with nothing of the last person left in the cache. */
export function createPageRouter(cache: QueryClient): PageRouter {
  const router: PageRouter = createRouter({
    routeTree: routes,
    history: createHashHistory(),
    context: { cache },
    defaultErrorComponent: RouteFault,
  });
  let last = userOf(useSession.getState());
  useSession.subscribe((session, before) => {
    if (session.state === 'signed-out' && before.state === 'signed-in') cache.clear();
    const user = userOf(session) ?? last;
    // Another person signed in from another tab: their cookie is this page's too.
    if (last !== null && user !== last) void cache.resetQueries();
    last = user;
    if (session.state !== before.state) void router.invalidate();
  });
  return router;
}

declare module '@tanstack/react-router' {
  // oxlint-disable-next-line typescript/consistent-type-definitions -- the library is told of the routes by merging.
  interface Register {
    router: PageRouter;
  }
}
