import { DEFAULTS } from '../../worker/defaults.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** The largest bodies, in bytes. */
export const BODY_LIMITS = {
  /** A campaign or a forecast, which may bring contacts. A setting of the gateway. */
  withContacts: DEFAULTS.bodyLimit,
  /** A hundred custom fields of two thousand characters, four bytes each. */
  oneContact: MIB,
  /** Over ten million contacts. A larger file is surely a mistake, and it would fill the database's disk. */
  contactFile: 1024 * MIB,
  /** A webhook. The end of a long call may bring its transcript. */
  webhook: 4 * MIB,
  /** A webhook of most carriers. */
  smallWebhook: 256 * KIB,
  /** Any other request. The largest honest one is a schedule with a thousand blackout dates: 13 KiB. */
  other: 64 * KIB,
} as const;

/** `10 MiB` */
export function inWords(bytes: number): string {
  return bytes < MIB ? `${bytes / KIB} KiB` : bytes < 1024 * MIB ? `${bytes / MIB} MiB` : `${bytes / (1024 * MIB)} GiB`;
}
