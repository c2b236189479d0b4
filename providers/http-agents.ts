import { Agent } from 'undici';

export interface AgentOptions {
  /** Milliseconds to wait for a connection. */
  readonly waitMs: number;
  /** The largest answer that is read, in bytes. */
  readonly maxAnswerBytes: number;
}

/** The connections of an adapter. */
export interface HttpAgents {
  /** Each dial has its own connection: one that waited for another here would look like a slow provider. */
  readonly dials: Agent;
  /** Separate, so that slow answers to look-ups delay no dial. */
  readonly lookUps: Agent;
  readonly close: () => Promise<void>;
}

export function openAgents({ waitMs, maxAnswerBytes }: AgentOptions): HttpAgents {
  const options = {
    // One request at a time on a connection: undici would resend requests that are pipelined behind a broken one.
    pipelining: 1,
    // On HTTP/2, undici moves the requests of a closing connection to the next one.
    allowH2: false,
    connect: { timeout: waitMs },
    maxResponseSize: maxAnswerBytes,
  };
  const dials = new Agent(options);
  const lookUps = new Agent(options);
  return {
    dials,
    lookUps,
    close: async () => {
      await Promise.all([dials.close(), lookUps.close()]);
    },
  };
}
