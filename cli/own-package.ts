import { existsSync, readFileSync } from 'node:fs';

export interface OwnPackage {
  readonly name: string;
  readonly version: string;
  readonly engines: { readonly node: string };
}

/** The manifest of the package that this file belongs to, wherever it was built to. */
export function readOwnPackage(): OwnPackage {
  for (let folder = new URL('.', import.meta.url); ; folder = new URL('..', folder)) {
    const file = new URL('package.json', folder);
    if (!existsSync(file)) continue;
    const manifest = JSON.parse(readFileSync(file, 'utf8')) as OwnPackage;
    if (manifest.name === 'ringfence') return manifest;
  }
}
