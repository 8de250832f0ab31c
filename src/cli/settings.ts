import { type Config, readConfig, readEnvironment } from '../config.js';
import { createLogger } from '../logging.js';

/** The settings, with a log that leaves the terminal to the command. */
export const settings = (): { readonly config: Config; readonly logger: ReturnType<typeof createLogger> } => {
  const config = readConfig(readEnvironment());
  return { config, logger: createLogger(config.logLevel === 'info' ? 'warn' : config.logLevel) };
};
