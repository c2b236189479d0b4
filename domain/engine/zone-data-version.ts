/** Releases of the IANA data by name: the year and a letter, `2026f`; after z come za, zb. */
const FORM = /^\d{4}[a-z]{1,2}$/;

export function isZoneDataVersion(value: unknown): value is string {
  return typeof value === 'string' && FORM.test(value);
}

/** Whether the first release is newer. The database compares in the same way, by bytes. */
export function isNewerZoneData(version: string, than: string): boolean {
  return version > than;
}
