#!/usr/bin/env node
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { Command, CommandFactory, CommandRunner } from 'nest-commander';
import { readConfig, readEnvironment } from './config.js';
import { runDemo } from './demo-run.js';
import { createLogger } from './logging.js';
import { PlanCommand } from './plan-command.js';
import { exitWith, outliveOutput } from './program.js';
import { migrateOnly } from './start.js';

/** A command of ours. What it does not know it refuses, rather than do something else than was meant. */
abstract class StrictCommand extends CommandRunner {
  override setCommand(command: Parameters<CommandRunner['setCommand']>[0]): this {
    return super.setCommand(command.allowExcessArguments(false));
  }
}

@Command({
  name: 'migrate',
  description: 'Bring the schema of the database up to date, as the role of DATABASE_MIGRATION_URL',
})
class MigrateCommand extends StrictCommand {
  async run(): Promise<void> {
    const config = readConfig(readEnvironment());
    const ran = await migrateOnly(config, createLogger(config.logLevel === 'info' ? 'warn' : config.logLevel));
    console.log(
      ran.length === 0 ? 'The schema is up to date.' : `The schema is up to date now. Ran: ${ran.join(', ')}.`,
    );
  }
}

@Command({ name: 'demo', description: 'Load the founding case into the ledger founding-case and show its reports' })
class DemoCommand extends StrictCommand {
  async run(): Promise<void> {
    await runDemo(readConfig(readEnvironment()), (text) => {
      console.log(text);
    });
  }
}

@Module({ providers: [MigrateCommand, DemoCommand, PlanCommand] })
class CliModule {}

/** Help asked for and commands misspelt come as errors too; of those everything has been said. */
const leave = (error: Error & { readonly code?: string; readonly exitCode?: number }): never =>
  error.code?.startsWith('commander.') ? process.exit(error.exitCode) : exitWith(error);

// What the help calls us, however we were started.
process.argv[1] = 'duebook';
outliveOutput();
await CommandFactory.run(CliModule, {
  cliName: 'duebook',
  logger: false,
  errorHandler: leave,
  serviceErrorHandler: leave,
});
