/** Campaigns of two hundred at each carrier, of which no webhook ever comes. */
import { describe, it } from 'vitest';
import { runWithoutWebhooks } from '../support/lost-webhooks.ts';

describe('with every webhook lost, two hundred people are called once', () => {
  it.each(['truedy', 'twilio', 'retell'] as const)(
    'at %s, within the limits and the budget of look-ups, with a pause on the way',
    { timeout: 900_000 },
    async (carrier) => {
      await runWithoutWebhooks({
        carrier,
        people: 200,
        slots: 20,
        lookUpAfterMs: 1_000,
        lookUpsPerMinute: 60,
        simulator: { timeScale: 100 },
        pauses: true,
      });
    },
  );
});
