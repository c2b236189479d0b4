import type { OperatorService } from '@temporalio/client';
import proto from '@temporalio/proto';
import { AGENT_ID, CAMPAIGN_NAME, CAMPAIGN_STATUS } from '../workflows/search-attributes.ts';

const { INDEXED_VALUE_TYPE_KEYWORD } = proto.temporal.api.enums.v1.IndexedValueType;

/** The names under which campaigns are found in the Web UI; all are keywords. */
export const SEARCH_ATTRIBUTES = [CAMPAIGN_STATUS, CAMPAIGN_NAME, AGENT_ID].map(({ name }) => name);

/**
 * Registers the search attributes where the server lets us, and tells whether all of them are there. Campaigns run
 * without them where they are not.
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
    // Not allowed here, or another worker was faster: what counts is what is there now.
  }
  return missingSearchAttributes(operatorService, namespace).then(
    (still) => still.length === 0,
    () => false,
  );
}

/** Which of them the namespace does not know, or knows as something else. Rejects when the server does not tell. */
export async function missingSearchAttributes(operatorService: OperatorService, namespace: string): Promise<string[]> {
  const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
  return SEARCH_ATTRIBUTES.filter((name) => customAttributes?.[name] !== INDEXED_VALUE_TYPE_KEYWORD);
}
