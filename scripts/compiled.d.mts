export function compiledProgram(root?: string): string;
