/** The sources of the product, for tests that read them. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');

/** Folders of what is packed: all but tests, tools, examples and the simulator. */
export const PRODUCT = [
  'activities',
  'cli',
  'client',
  'contact-files',
  'db',
  'domain',
  'gateway',
  'providers',
  'worker',
  'workflows',
];

/** Files of TypeScript below a folder, by their path from the root. */
export function filesBelow(folder: string): string[] {
  return readdirSync(`${ROOT}/${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `${folder}/${file}`);
}
