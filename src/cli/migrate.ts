import { migrateOnly } from '../start.js';
import { type CommonOptions, outcome } from './command.js';
import { settings } from './settings.js';

export const migrate = async (options: CommonOptions): Promise<void> => {
  const { config, logger } = settings();
  const ran = await migrateOnly(config, logger);
  outcome(options, { ran }, [
    ran.length === 0 ? 'The schema is up to date.' : `The schema is up to date now. Ran: ${ran.join(', ')}.`,
  ]);
};
