import { RingfenceError } from '../domain/engine/errors.ts';
import { migrate } from './migrate.ts';

const { DATABASE_URL: url } = process.env;
if (!url)
  throw new RingfenceError('misconfigured', 'DATABASE_URL is not set: name the PostgreSQL database to migrate.');
await migrate(url);
