/** Twilio as a built-in carrier. */
import type { Carrier } from '../carrier.ts';
import { TwilioSettings } from './settings.ts';
import { createTwilioProvider } from './twilio.ts';

export const twilio: Carrier<TwilioSettings> = {
  name: 'twilio',
  settings: TwilioSettings,
  secrets: ['auth_token', 'secondary_auth_token'],
  callsPerSecond: 1,
  create: createTwilioProvider,
};
