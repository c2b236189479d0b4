import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

export interface ComposeService {
  readonly image?: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly restart?: string;
  readonly stop_grace_period?: string;
  readonly container_name?: string;
  readonly profiles?: readonly string[];
}

const VARIABLE = /\$\{(?<name>\w+):-(?<fallback>[^}]*)\}/g;
const text = readFileSync(new URL('../../../docker-compose.yml', import.meta.url), 'utf8');

/** The lines before the first key, which tell the reader what to set. */
export const composeHeader = text.slice(0, text.search(/^\w/m));

/** Names that the file takes from the environment. */
export const composeVariables = [...new Set([...text.matchAll(VARIABLE)].map((match) => match.groups!.name!))];

/** docker-compose.yml as Compose sees it where nothing is set in the environment. */
export const composeFile = parse(text.replaceAll(VARIABLE, '$<fallback>').replaceAll('$$', '$'), {
  merge: true,
}) as { readonly services: Readonly<Record<string, ComposeService>> };

/** The services that are processes of Ringfence. */
export const ownServices = Object.entries(composeFile.services).filter(([, service]) => service.build !== undefined);

/** The compiled main file that a service runs. */
export function mainOf(service: ComposeService): string {
  const [node, main, ...rest] = service.command ?? [];
  if (node !== 'node' || main === undefined || rest.length > 0) {
    throw new Error(`not "node MAIN": ${service.command?.join(' ')}`);
  }
  return main;
}
