import type { OperatorService } from '@temporalio/client';
import proto from '@temporalio/proto';
import { AGENT_ID, CAMPAIGN_NAME, CAMPAIGN_STATUS, WAITING_FOR } from '../workflows/search-attributes.ts';

const { INDEXED_VALUE_TYPE_KEYWORD } = proto.temporal.api.enums.v1.IndexedValueType;

/** The search attributes of campaigns in the Web UI. All are keywords. */
export const SEARCH_ATTRIBUTES = [CAMPAIGN_STATUS, CAMPAIGN_NAME, AGENT_ID, WAITING_FOR].map(({ name }) => name);

/**
 * Registers the search attributes if the server permits it. Returns whether all of them exist. Campaigns also run
 * without them.
 */
export async function ensureSearchAttributes(operatorService: OperatorService, namespace: string): Promise<boolean> {
  const missing = await missingSearchAttributes(operatorService, namespace).catch(() => SEARCH_ATTRIBUTES);
  if (missing.length === 0) return true;
  try {
    await operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map((name) => [name, INDEXED_VALUE_TYPE_KEYWORD])),
    });
  } catch {
    // The registration is not permitted, or another worker was faster. What counts is what exists now.
  }
  return missingSearchAttributes(operatorService, namespace).then(
    (still) => still.length === 0,
    () => false,
  );
}

/** The attributes that the namespace lacks or has with another type. Rejects if the server does not answer. */
export async function missingSearchAttributes(operatorService: OperatorService, namespace: string): Promise<string[]> {
  const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
  return SEARCH_ATTRIBUTES.filter((name) => customAttributes?.[name] !== INDEXED_VALUE_TYPE_KEYWORD);
}
