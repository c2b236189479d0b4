/** Tells campaigns that stops have begun or ended. Nothing depends on it: a campaign that is not told learns of it by itself. */

/** Signals at the same time. */
const AT_ONCE = 10;
/** Somebody waits at the terminal for something else. */
const CONNECT_WITHIN_MS = 3_000;

/** Returns the ids of the campaigns that were not told. */
export async function tellCampaigns(ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  const { tellStopsChanged } = await import('../../client/temporal/tell-stops-changed.ts');
  const left = new Set(ids);
  try {
    const { connectTemporal } = await import('../../client/temporal/connection.ts');
    const temporal = await connectTemporal({ timeoutMs: CONNECT_WITHIN_MS });
    try {
      const queue = ids.values();
      const tellNext = async () => {
        for (const id of queue) if (await tellStopsChanged(temporal, id)) left.delete(id);
      };
      await Promise.all(Array.from({ length: AT_ONCE }, tellNext));
    } finally {
      await temporal.connection.close();
    }
  } catch {
    // Temporal cannot be reached. The row in the database holds all the same.
  }
  return ids.filter((id) => left.has(id));
}
