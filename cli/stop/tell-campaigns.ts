/** Tells campaigns that stops have begun or ended. Nothing depends on it: a campaign that is not told learns of it by itself. */

/** Signals at the same time. */
const AT_ONCE = 10;
/** Somebody waits at the terminal for something else. */
const CONNECT_WITHIN_MS = 3_000;

/** So many campaigns in a row that could not be told mean that Temporal does not answer. */
const UNANSWERED_WHEN_AWAY = AT_ONCE;

/**
 * Tells campaigns, several at a time, until so many in a row could not be told that the others would not be told either: a person
 * waits. Returns the ids of those that were not told.
 */
export async function tellUntilAway(ids: readonly string[], tell: (id: string) => Promise<boolean>): Promise<string[]> {
  const left = new Set(ids);
  const queue = ids.values();
  let unanswered = 0;
  const tellNext = async (): Promise<void> => {
    for (const id of queue) {
      if (await tell(id)) {
        left.delete(id);
        unanswered = 0;
      } else unanswered += 1;
      if (unanswered >= UNANSWERED_WHEN_AWAY) return;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, tellNext));
  return [...left];
}

/** Returns the ids of the campaigns that were not told. */
export async function tellCampaigns(ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  const { tellStopsChanged } = await import('../../client/temporal/tell-stops-changed.ts');
  try {
    const { connectTemporal } = await import('../../client/temporal/connection.ts');
    const temporal = await connectTemporal({ timeoutMs: CONNECT_WITHIN_MS });
    try {
      return await tellUntilAway(ids, (id) => tellStopsChanged(temporal, id));
    } finally {
      await temporal.connection.close();
    }
  } catch {
    // Temporal cannot be reached. The row in the database holds all the same.
    return [...ids];
  }
}
