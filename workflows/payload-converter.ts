import { defaultPayloadConverter, type PayloadConverter } from '@temporalio/common';

/**
 * How workflows read their messages. A signal from the Web UI or the CLI may contain anything. An unreadable one would fail every
 * workflow task, and the campaign would stop forever. A handler therefore gets `undefined`, which no handler accepts. Results of
 * activities come from Ringfence and must be readable.
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
