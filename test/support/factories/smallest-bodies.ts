/** For each route that takes JSON, a body that it takes. */
export const SMALLEST_BODIES: Readonly<Record<string, object>> = {
  'POST /api/public/v1/batch-calls': {
    name: 'Reminders',
    agent_id: 'agent-1',
    contacts: [{ phone_number: '+14155550101' }],
  },
  'POST /api/public/v1/batch-calls/{id}/contacts': { contacts: [{ phone_number: '+14155550101' }] },
  'POST /api/public/v1/batch-calls/{id}/contacts/{contact_id}/call-at': { at: '2036-03-20T14:30:00Z' },
  'POST /api/public/v1/batch-calls/forecast': { contacts: [{ phone_number: '+14155550101' }] },
  'PATCH /api/public/v1/batch-calls/{id}': { max_concurrent_calls: 3 },
  'POST /api/public/v1/contacts': { phone_number: '+14155550101' },
  'POST /api/public/v1/contacts/folders': { name: 'Spring' },
  'POST /api/public/v1/suppressions': { phone_number: '+14155550199' },
};
