/**
 * SQL for whether a campaign is not over. The statuses are listed as in the partial indexes of campaigns, so that those that are over
 * are not read.
 *
 * @param campaign the row of `campaigns`
 */
export function isUnfinished(campaign: string): string {
  return `${campaign}.status in ('scheduled', 'active', 'paused', 'interrupted')`;
}
