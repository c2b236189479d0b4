/**
 * Worn phrases and old terms stay out. `docs/cli.md` and `docs/api.md` are generated, so the pages also cover the help of the
 * command line and the descriptions of the API; the sources cover messages, docstrings and comments.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const ROOT = new URL('../../', import.meta.url);

const PHRASES = [
  /\bunless told\b/,
  /\bof (?:one['’]s|its|their|his|her|your|our) own\b/,
  /\bat one blow\b/,
  /\bcom(?:es?|ing) thick\b/,
  /\banew\b/,
  /\bwhoever\b/,
  /\b(?:is|are|be|been|was|were) done with\b/,
  /\b(?:is|are|be|been|was|were) through\b/,
  /\bcannot be taken back\b/,
  /\bin a way that nobody\b/,
];
/** The glossary has the terms in their place. */
const OLD_TERMS = [
  /\bdesk\b/,
  /\bnews\b/,
  /\buntold\b/,
  /\boutset\b/,
  /\bcalm\b/,
  /\boperators['’] tool\b/,
  /\bverbs?\b/,
  /\brigs?\b/,
  /\bclaim numbers?\b/,
];
const OLD_NAMES =
  /\b(?:openDesk|takeNews|untold\w*|allTold|BrokenPromise|StartedSystem|PlayedTemporal|calmConduct|laidOver|refuseOver|patiently|tellKey|gatewayVerb|workflowVerb|CampaignAnswer)\b/;

const FOLDERS = [
  'activities',
  'bench',
  'cli',
  'client',
  'contact-files',
  'db',
  'domain',
  'examples',
  'gateway',
  'providers',
  'scripts',
  'simulator',
  'test',
  'worker',
  'workflows',
];

const filesUnder = (folder: string, ending: string): string[] =>
  readdirSync(new URL(`${folder}/`, ROOT), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ending))
    .map((file) => `${folder}/${file}`);

const PAGES = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...filesUnder('docs', '.md')];
const SOURCES = FOLDERS.flatMap((folder) => filesUnder(folder, '.ts')).filter(
  (file) => !file.endsWith('/language.test.ts'),
);

/** The phrases that a text contains. Line breaks within a comment or a paragraph count as spaces. */
function found(text: string, patterns: readonly RegExp[], flags = 'gi'): string[] {
  const line = text.replaceAll(/\s*\n[\s*/]*/g, ' ');
  return patterns.flatMap((pattern) => [...line.matchAll(new RegExp(pattern, flags))].map(([match]) => match));
}

function foundIn(files: readonly string[], patterns: readonly RegExp[], flags?: string): string[] {
  return files.flatMap((file) =>
    found(readFileSync(new URL(file, ROOT), 'utf8'), patterns, flags).map((match) => `${file}: ${match}`),
  );
}

describe('plain English', () => {
  it.each([
    ["Of one caller; a default of the gateway's unless told.", ['unless told']],
    ['/**\n * The sweep begins\n * anew, whoever\n * waits.\n */', ['anew', 'whoever']],
    ['When a campaign will be\nthrough.', ['be through']],
  ])('is missed in %j', (text, phrases) => {
    expect(found(text, PHRASES)).toEqual(phrases);
  });

  it('has no worn phrase in the documents', () => {
    expect(foundIn(PAGES, PHRASES)).toEqual([]);
  });

  it('has no old term in the documents', () => {
    expect(foundIn(PAGES, OLD_TERMS)).toEqual([]);
  });

  it('has no worn phrase in messages, docstrings and comments', () => {
    expect(foundIn(SOURCES, PHRASES)).toEqual([]);
  });

  it('has no old name in the code', () => {
    expect(foundIn(SOURCES, [OLD_NAMES], 'g')).toEqual([]);
  });
});
