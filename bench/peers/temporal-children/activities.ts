import type { Pool } from '../../../db/pool.ts';
import type { CallProvider } from '../../../providers/port.ts';
import type { Contact } from '../peer-process.ts';
import { placeCall } from '../peer-process.ts';

/** Contacts stay in their table: a history holds call ids only. */
export function createPeerActivities(pool: Pool, provider: CallProvider) {
  return {
    async loadCallIds(from: number, limit: number): Promise<string[]> {
      const { rows } = await pool.query<{ call_id: string }>(
        'select call_id from contacts where seq >= $1 order by seq limit $2',
        [from, limit],
      );
      return rows.map(({ call_id }) => call_id);
    },

    /** False when the provider refused the number. */
    async placeCall(callId: string): Promise<boolean> {
      const { rows } = await pool.query<Contact>('select call_id, phone_number from contacts where call_id = $1', [
        callId,
      ]);
      const [contact] = rows;
      if (contact === undefined) return false;
      return (await placeCall(provider, contact)).providerCallId !== null;
    },
  };
}
export type PeerActivities = ReturnType<typeof createPeerActivities>;
