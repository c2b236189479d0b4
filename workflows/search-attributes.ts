import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

/** The search attributes by which campaigns are found. All are keywords, free of personal data. */
export const CAMPAIGN_STATUS = defineSearchAttributeKey('CampaignStatus', SearchAttributeType.KEYWORD);
export const CAMPAIGN_NAME = defineSearchAttributeKey('CampaignName', SearchAttributeType.KEYWORD);
export const AGENT_ID = defineSearchAttributeKey('AgentId', SearchAttributeType.KEYWORD);
export const WAITING_FOR = defineSearchAttributeKey('WaitingFor', SearchAttributeType.KEYWORD);
