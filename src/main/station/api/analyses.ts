import { ORPCError } from '@orpc/server';
import type { Bindings } from './bindings.ts';
import { guarded } from './call-context.ts';
import { found, valueOf } from './failures.ts';
import { REST_PREFIX } from './rest-prefix.ts';

/** Analyses somebody asks for: each once, whatever the network does to the asking. */
export function bindAnalyses({ services: { analyses }, reads }: Bindings) {
  return {
    ask: guarded.analyses.ask.handler(({ input: { headers, body }, context: { session } }) => {
      const { study, model = null, priority } = body;
      const asked = analyses.ask(session.principal, {
        ...{ study, modelId: model, priority, key: headers['idempotency-key'] },
      });
      if (!asked.ok && asked.error.retryAfterMs !== undefined)
        throw new ORPCError('TOO_MANY_REQUESTS', { data: { retryAfterMs: asked.error.retryAfterMs } });
      const analysis = valueOf(asked);
      reads.study(session, analysis.studyId, 'analysis');
      return {
        status: 202,
        headers: { location: `${REST_PREFIX}/analyses/${analysis.analysisId}` },
        body: analysis,
      };
    }),
    get: guarded.analyses.get.handler(({ input, context: { session } }) => {
      const analysis = found(analyses.get(session.principal, input.analysisId), 'analysis-not-found');
      reads.study(session, analysis.studyId, 'analysis');
      return analysis;
    }),
    list: guarded.analyses.list.handler(({ input: { studyId }, context: { session } }) => {
      const known = found(analyses.list(session.principal, studyId));
      reads.study(session, studyId, 'analysis');
      return known;
    }),
  };
}
