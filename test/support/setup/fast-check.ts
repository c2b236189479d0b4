/** Properties try the same cases in every run, unless RINGFENCE_TEST_SEED says otherwise: the long tests draw new ones. */
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env.RINGFENCE_TEST_SEED ?? 1) });
