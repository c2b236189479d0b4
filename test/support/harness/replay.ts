/** Recorded histories, and their replay by a bundle of the workflow's code. */
import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { DefaultLogger, makeTelemetryFilterString, type ReplayResult, Runtime, Worker } from '@temporalio/worker';
import { workflowId } from '../../../domain/engine/ids.ts';
import type { WorkflowBundle } from '../../../worker/workflow-bundle.ts';
import type { CampaignInput } from '../../../workflows/messages.ts';

// A history that does not fit is reported by the result; the log would only repeat it.
Runtime.install({
  logger: new DefaultLogger('ERROR', () => {}),
  telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }) } },
});

const FOLDER = new URL('../../replay/histories/', import.meta.url);

/** Every recorded history, of each version and of the one to come: `next/straight.json.gz`. */
export const HISTORIES = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.json.gz'))
  .sort();

export type Event = Record<string, unknown> & { eventType: string };
export interface History {
  events: Event[];
}

export function historyText(file: string): string {
  return gunzipSync(readFileSync(new URL(file, FOLDER))).toString();
}

export function readHistory(file: string): History {
  return JSON.parse(historyText(file)) as History;
}

/** The name of the scenario that a file was recorded from. A campaign that continued as new has a file of each run. */
export function scenarioOf(file: string): string {
  return /(?:^|\/)(?<name>[\w-]+?)(?:-\d+)?\.json\.gz$/.exec(file)!.groups!.name!;
}

/** Why the code does not replay the history; undefined where it does. */
export async function replay(history: History, workflowBundle: WorkflowBundle): Promise<ReplayResult['error']> {
  const results = Worker.runReplayHistories({ workflowBundle }, [{ workflowId: workflowIdOf(history), history }]);
  for await (const { error } of results) return error;
  throw new Error('the replay had no result');
}

/** Not every server writes it into the history: a campaign has the one that its input makes. */
function workflowIdOf({ events }: History): string {
  const { input } = events[0]!.workflowExecutionStartedEventAttributes as { input: { payloads: { data: string }[] } };
  const { campaignId } = JSON.parse(Buffer.from(input.payloads[0]!.data, 'base64').toString()) as CampaignInput;
  return workflowId(campaignId);
}
