import { defaultPayloadConverter, type PayloadConverter } from '@temporalio/common';

/**
 * How workflows read what is sent to them. A signal from the Web UI or the CLI may hold anything; one that cannot be
 * read would fail the workflow task, again at every try, and the campaign would stand still for ever. To a handler it is
 * `undefined`, which no handler takes for sound. What activities answer is our own and must be readable.
 */
export const payloadConverter: PayloadConverter = {
  toPayload: (value, context) => defaultPayloadConverter.toPayload(value, context),
  fromPayload(payload, context) {
    try {
      return defaultPayloadConverter.fromPayload(payload, context);
    } catch (error) {
      if (context?.type === 'workflow') return undefined as never;
      throw error;
    }
  },
};
