/** Retell as a built-in carrier: its fields in the connections file. */
import type { Carrier } from '../carrier.ts';
import { createRetellProvider } from './retell.ts';
import { RetellSettings } from './settings.ts';

export const retell: Carrier<RetellSettings> = {
  name: 'retell',
  settings: RetellSettings,
  secrets: ['api_key', 'webhook_keys'],
  // The rate is set per telephony path in the dashboard, and no default is documented: the lowest that carriers have.
  callsPerSecond: 1,
  create: createRetellProvider,
};
