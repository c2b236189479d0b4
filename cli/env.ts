/** The process's environment, which main passes on. */
export type Env = Readonly<Record<string, string | undefined>>;
