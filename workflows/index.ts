export { campaign } from './campaign.ts';
export { connection } from './connection.ts';
