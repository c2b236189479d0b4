/** The built-in carriers, by the word in the field `provider` of a connection. */
import type { Carrier } from './carrier.ts';
import { retell } from './retell/carrier.ts';
import { truedy } from './truedy/carrier.ts';
import { twilio } from './twilio/carrier.ts';

const BUILT_IN: readonly Carrier[] = [truedy, twilio, retell];

export const CARRIERS: ReadonlyMap<string, Carrier> = new Map(BUILT_IN.map((carrier) => [carrier.name, carrier]));
