/**
 * The text that tells Twilio what to do with an answered call, with placeholders such as `{{first_name}}`. They are
 * replaced per contact and escaped for their place: XML in TwiML, percent-encoding in a URL. A contact's text can
 * therefore never become a verb, an attribute or a parameter.
 */
import type { CallToPlace } from '../port.ts';

const PLACEHOLDER = /\{\{\s*([\p{L}\p{M}\p{N}_]+)\s*\}\}/gu;

/** Replaces every placeholder. A value that the contact does not have is empty. */
export function fillIn(template: string, call: CallToPlace, escape: (text: string) => string): string {
  const values = valuesOf(call);
  return template.replaceAll(PLACEHOLDER, (_, name: string) => escape(values.get(name) ?? ''));
}

/** The contact's own fields take precedence over custom fields with the same name. */
function valuesOf(call: CallToPlace): ReadonlyMap<string, string> {
  const own: [string, string | null][] = [
    ['first_name', call.firstName],
    ['last_name', call.lastName],
    ['email', call.email],
    ['phone_number', call.phoneNumber],
    ['extension', call.extension],
    ['agent_id', call.agentId],
    ['ringfence_call_id', call.callId],
  ];
  return new Map([...Object.entries(call.customFields), ...own.map(([name, value]) => [name, value ?? ''] as const)]);
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};
/** XML 1.0 has no form for control characters other than tab and line break: they are left out. */
const NOT_XML = /[^\P{Cc}\t\n\r]|[\uFFFE\uFFFF]/gu;

export function escapeXml(text: string): string {
  return text.replaceAll(NOT_XML, '').replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
