/**
 * What the errors of Temporal's client mean for a campaign. They are told by their names and fields, as the SDK marks them, and
 * not by its classes: this code runs without the SDK, and beside any copy of it.
 */
import { RingfenceError } from '../../domain/engine/errors.ts';

/** Status codes of gRPC by their numbers in the protocol. */
const GRPC = {
  cancelled: 1,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  resourceExhausted: 8,
  failedPrecondition: 9,
  aborted: 10,
  unavailable: 14,
} as const;

type ErrorName =
  | 'ApplicationFailure'
  | 'CancelledFailure'
  | 'NamespaceNotFoundError'
  | 'TerminatedFailure'
  | 'WorkflowFailedError'
  | 'WorkflowNotFoundError'
  | 'WorkflowUpdateFailedError'
  | 'WorkflowUpdateRPCTimeoutOrCancelledError';

export function isNamed(error: unknown, name: ErrorName): error is Error {
  return error instanceof Error && error.name === name;
}

/** The gRPC status behind an error of the client, or null when it is none. */
function grpcStatus(error: unknown): { code: number; text: string } | null {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code, details, metadata } = cause as Partial<Record<'code' | 'details' | 'metadata', unknown>>;
    if (typeof code !== 'number' || typeof details !== 'string') continue;
    if (typeof metadata === 'object' && metadata !== null) return { code, text: details };
  }
  return null;
}

/** Neither this client nor the workflow did anything wrong: nobody answered in the time that was given. */
export function isTimeout(error: unknown): boolean {
  if (isNamed(error, 'WorkflowUpdateRPCTimeoutOrCancelledError')) return true;
  const code = grpcStatus(error)?.code;
  return code === GRPC.deadlineExceeded || code === GRPC.cancelled;
}

/**
 * A refusal that passes by itself. While one run of a workflow gives way to the next the server answers "resource
 * exhausted: busy workflow"; while a worker cannot carry out its task it answers "failed precondition: not ready".
 */
export function isTransient(error: unknown): boolean {
  const code = grpcStatus(error)?.code;
  return (
    code === GRPC.resourceExhausted ||
    code === GRPC.failedPrecondition ||
    code === GRPC.aborted ||
    code === GRPC.unavailable
  );
}

/** The server refuses to start a workflow with search attributes that it was never told of. */
export function isUnknownSearchAttribute(error: unknown): boolean {
  const status = grpcStatus(error);
  return status?.code === GRPC.invalidArgument && /search ?attribute/i.test(status.text);
}

/**
 * Why the server refuses this very request, in its own words; null where it may take it at another time. A server that is
 * away, busy or in trouble says nothing about the request. Neither does one that does not let this client in, or does not
 * know its namespace: a key is renewed, a setting put right, and the same request is taken.
 */
export function refusalForGood(error: unknown): string | null {
  const status = grpcStatus(error);
  if (status?.code !== GRPC.invalidArgument) return null;
  return status.text === '' ? 'invalid argument' : status.text;
}

export function isWorkflowNotFound(error: unknown): boolean {
  return isNamed(error, 'WorkflowNotFoundError');
}

/** The server at this address does not answer the first request. */
export function temporalUnreachable(error: unknown, address: string): RingfenceError {
  const message = `Temporal at ${address} does not answer: check TEMPORAL_ADDRESS, or the profile that TEMPORAL_PROFILE names, its TLS settings and its API key.`;
  return new RingfenceError('temporal_unavailable', message, { cause: error, details: { address } });
}

/** What the question for a namespace is answered with if the server does not have it. */
export function isNotFound(error: unknown): boolean {
  return grpcStatus(error)?.code === GRPC.notFound;
}

/** The server answers, and does not have the namespace. */
export function noNamespace(namespace: string, cause: unknown): RingfenceError {
  const message = `Temporal has no namespace "${namespace}": correct TEMPORAL_NAMESPACE, or the profile that TEMPORAL_PROFILE names.`;
  return new RingfenceError('temporal_unavailable', message, { cause, details: { namespace } });
}

/** Every other failure to reach the server, or to be served by it. */
export function temporalUnavailable(error: unknown): RingfenceError {
  if (isNamed(error, 'NamespaceNotFoundError') && 'namespace' in error)
    return noNamespace(String(error.namespace), error);
  const status = grpcStatus(error);
  return new RingfenceError(
    'temporal_unavailable',
    'Temporal did not carry out the request: check that the server can be reached and that a worker runs, then try again.',
    { cause: error, details: status ? { grpc_code: status.code } : {} },
  );
}
