import type { CallToPlace } from '../../../providers/port.ts';

/** The first call to somebody of whom only the number is known. */
export function callToPlace(stated: Partial<CallToPlace> & Pick<CallToPlace, 'callId'>): CallToPlace {
  return {
    agentId: 'agent_1',
    phoneNumber: '+14155550123',
    extension: null,
    fromNumberId: null,
    firstName: null,
    lastName: null,
    email: null,
    customFields: {},
    ...stated,
  };
}
