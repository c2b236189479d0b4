import { z } from 'zod';

const LIMIT = 'limit must be a whole number from 1 to 100';
const OFFSET = 'offset must be a whole number from 0 to 1000000000';

/** Which part of a list is asked for; goes into the query of every route that answers with one. */
export const pageShape = {
  limit: z.coerce
    .number(LIMIT)
    .int(LIMIT)
    .min(1, LIMIT)
    .max(100, LIMIT)
    .describe('The most items of one answer.')
    .default(50),
  offset: z.coerce
    .number(OFFSET)
    .int(OFFSET)
    .min(0, OFFSET)
    .max(1_000_000_000, OFFSET)
    .describe('How many items to leave out first.')
    .default(0),
};
