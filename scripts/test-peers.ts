import { missingPeers } from './debian-peers.ts';
import { conclude, functionStep, runLanes, testStep } from './step.ts';

const startedMs = performance.now();
const mustHavePeers = process.env['CI'] === 'true';

// At a desk a missing peer is a skipped test; where the peers were installed on purpose, it is a failure.
const peersAreThere = functionStep('peers', async () => {
  const missing = missingPeers();
  if (missing.length > 0 && mustHavePeers)
    throw new Error(`CI=true, and these peers are missing: ${missing.join(', ')}.`);
  if (missing.length > 0) console.log(`Without ${missing.join(', ')}: the tests that need them are skipped.`);
});

process.exitCode = conclude(
  await runLanes([[peersAreThere, testStep('peer tests', 'peers', ['test/peers'])]]),
  startedMs,
);
