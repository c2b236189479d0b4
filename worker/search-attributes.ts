import type { OperatorService } from '@temporalio/client';
import proto from '@temporalio/proto';

const { INDEXED_VALUE_TYPE_KEYWORD } = proto.temporal.api.enums.v1.IndexedValueType;

/** The search attributes by which campaigns are found in the Web UI. All are keywords, free of personal data. */
export const SEARCH_ATTRIBUTES = ['CampaignStatus', 'CampaignName', 'AgentId'] as const;

/**
 * Registers the search attributes where the server lets us, and tells whether all of them are there. Campaigns run
 * without them where they are not.
 */
export async function ensureSearchAttributes(operatorService: OperatorService, namespace: string): Promise<boolean> {
  const missing = await missingAttributes(operatorService, namespace);
  if (missing.length === 0) return true;
  try {
    await operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map((name) => [name, INDEXED_VALUE_TYPE_KEYWORD])),
    });
  } catch {
    // Not allowed here, or another worker was faster: what counts is what is there now.
  }
  return (await missingAttributes(operatorService, namespace)).length === 0;
}

async function missingAttributes(operatorService: OperatorService, namespace: string): Promise<string[]> {
  try {
    const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
    return SEARCH_ATTRIBUTES.filter((name) => customAttributes?.[name] !== INDEXED_VALUE_TYPE_KEYWORD);
  } catch {
    return [...SEARCH_ATTRIBUTES];
  }
}
