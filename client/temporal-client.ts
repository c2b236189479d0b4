/**
 * What is used of the `Client` of `@temporalio/client`. It is typed by its shape, so that a program without that package can
 * read the types of this one.
 */
export interface TemporalClient {
  readonly connection: { close(): Promise<void> };
  readonly workflow: { getHandle(workflowId: string): unknown };
  withDeadline<T>(deadline: number | Date, act: () => Promise<T>): Promise<T>;
}
