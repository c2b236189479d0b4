import { expect, it } from 'vitest';
import { tellUntilAway } from '../../cli/stop/tell-campaigns.ts';

const ids = Array.from({ length: 100 }, (_, index) => `campaign ${index + 1}`);

it('a command tells every campaign, and names those that could not be told', async () => {
  const told: string[] = [];
  const tell = async (id: string): Promise<boolean> => {
    told.push(id);
    return !id.endsWith('7');
  };
  expect(await tellUntilAway(ids, tell)).toEqual(ids.filter((id) => id.endsWith('7')));
  expect(told).toEqual(ids);
});

it('a command tells no more campaigns once Temporal does not answer: a person waits for it', async () => {
  const asked: string[] = [];
  const tell = async (id: string): Promise<boolean> => {
    asked.push(id);
    return false;
  };
  expect(await tellUntilAway(ids, tell)).toEqual(ids);
  expect(asked.length).toBeLessThanOrEqual(20);
});
