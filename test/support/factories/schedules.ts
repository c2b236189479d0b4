import type { z } from 'zod';
import { EngineSchedule } from '../../../domain/engine/schedule-fields.ts';

/** A schedule with what is stated, and defaults for everything else: Monday to Friday, the whole day, UTC. */
export function scheduleOf(stated: z.input<typeof EngineSchedule> = {}): EngineSchedule {
  return EngineSchedule.parse(stated);
}
