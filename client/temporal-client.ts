/**
 * The part of `@temporalio/client`'s `Client` that this package uses. The type is structural, so that a program without that
 * package can use the types of this one.
 */
export interface TemporalClient {
  readonly connection: { close(): Promise<void> };
  readonly workflow: { getHandle(workflowId: string): unknown };
  withDeadline<T>(deadline: number | Date, act: () => Promise<T>): Promise<T>;
}
