import { it } from 'vitest';
import { runWithoutWebhooks } from '../support/lost-webhooks.ts';

it('a campaign whose carrier’s webhooks are all lost completes, with every slot freed by look-ups', async () => {
  await runWithoutWebhooks({
    carrier: 'retell',
    people: 10,
    slots: 5,
    lookUpAfterMs: 500,
    lookUpsPerMinute: 120,
    simulator: { timeScale: 1_000 },
  });
});
