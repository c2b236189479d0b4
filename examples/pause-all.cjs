/**
 * A script for administrators, as CommonJS: pauses every active campaign of the account, and names the calls that are still live.
 *
 *     npm install @ringfence/client
 *     RINGFENCE_API_KEY=... node pause-all.cjs
 *
 * In a clone of Ringfence, without the package:
 *
 *     RINGFENCE_API_KEY=... node --import tsx examples/pause-all.cjs
 *
 * RINGFENCE_API_URL is the gateway. Default: the local one.
 */
const { Ringfence, RingfenceError } = require('@ringfence/client');

const { RINGFENCE_API_URL: baseUrl = 'http://127.0.0.1:8080/api/public/v1', RINGFENCE_API_KEY: apiKey = '' } =
  process.env;

async function pauseAll() {
  const { campaigns } = new Ringfence({ baseUrl, apiKey });
  // All pages, one after the other. A campaign that leaves the list meanwhile hides no other.
  for await (const { id, name } of campaigns.list({ status: 'active' })) {
    try {
      const paused = await campaigns.pause(id);
      if (paused.acknowledged) {
        console.log(`${name}: paused. Calls still live: ${[...paused.live, ...paused.unknown].join(', ') || 'none'}.`);
      } else {
        console.log(`${name}: no worker answered. The pause will take effect when one runs.`);
      }
    } catch (error) {
      const hasChanged = error instanceof RingfenceError && error.code === 'wrong_state';
      if (!hasChanged) throw error;
      console.log(`${name}: ${error.message}`);
    }
  }
}

pauseAll().catch((error) => {
  console.error(error instanceof RingfenceError ? `${error.code}: ${error.message}` : error);
  process.exitCode = 1;
});
