/** One request that is made to cost as much as it can. */
export interface Attack {
  readonly name: string;
  /** As the description of the API names it, such as `PATCH /batch-calls/{id}`. */
  readonly route: string;
  readonly method: string;
  /** From the gateway's root. */
  readonly path: string;
  readonly headers?: Headers | ((body: Buffer) => Headers);
  /** Made when it is sent: not all of them fit into memory. */
  readonly body?: () => Buffer | Promise<Buffer>;
}

type Headers = Readonly<Record<string, string | string[]>>;

/** What stands in the paths. */
export interface Targets {
  /** A campaign that calls nobody. */
  readonly campaignId: string;
  /** Contacts that are as large as any may be. */
  readonly largestContacts: readonly string[];
  readonly largestFolder: string;
  readonly webhookSecret: string;
}
