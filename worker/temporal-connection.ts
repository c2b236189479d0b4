import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection } from '@temporalio/worker';
import { RingfenceError } from '../domain/engine/errors.ts';

/**
 * Connects as Temporal's environment configuration says.
 * @throws RingfenceError `misconfigured` or `temporal_unavailable`, which name the setting to correct
 */
export async function connectWorker(): Promise<{ connection: NativeConnection; namespace: string }> {
  const { connectionOptions, namespace = 'default' } = readTemporalConfig();
  const connection = await NativeConnection.connect(connectionOptions).catch((cause: unknown) => {
    const address = connectionOptions?.address ?? 'localhost:7233';
    const message = `Temporal at ${address} does not answer: check TEMPORAL_ADDRESS or the profile, TLS settings and API key.`;
    throw new RingfenceError('temporal_unavailable', message, { cause });
  });
  await requireNamespace(connection, namespace);
  return { connection, namespace };
}

const GRPC_NOT_FOUND = 5;

/** A worker asks for its namespace itself, and its error would show the fault in a stack of the SDK. */
async function requireNamespace(connection: NativeConnection, namespace: string): Promise<void> {
  const { found, cause } = await connection.workflowService.describeNamespace({ namespace }).then(
    () => ({ found: true, cause: null }),
    // Any other refusal is for the worker to meet.
    (cause: unknown) => ({ found: (cause as { code?: unknown }).code !== GRPC_NOT_FOUND, cause }),
  );
  if (found) return;
  await connection.close();
  const message = `Temporal has no namespace "${namespace}": correct TEMPORAL_NAMESPACE, or the profile that TEMPORAL_PROFILE names.`;
  throw new RingfenceError('misconfigured', message, { cause, field: 'TEMPORAL_NAMESPACE' });
}

function readTemporalConfig(): ReturnType<typeof loadClientConnectConfig> {
  try {
    return loadClientConnectConfig();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RingfenceError('misconfigured', `Temporal's environment configuration cannot be used: ${reason}`, {
      cause,
    });
  }
}
