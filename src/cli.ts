#!/usr/bin/env node
import { CommandFactory, Module } from './cli/commander.js';
import { DemoCommand } from './cli/demo.command.js';
import { EpochCommand, EpochOpenCommand } from './cli/epoch.command.js';
import { EraseCommand, EraseVendorDetailsCommand } from './cli/erase.command.js';
import { ExplainCommand, ExplainInvoiceCommand } from './cli/explain.command.js';
import { ExportCommand } from './cli/export.command.js';
import { ImportCommand } from './cli/import.command.js';
import { MigrateCommand } from './cli/migrate.command.js';
import { PlanCommand } from './cli/plan.command.js';
import { ReplayCommand } from './cli/replay.command.js';
import { TokenCommand, TokenCreateCommand, TokenListCommand, TokenRevokeCommand } from './cli/token.command.js';
import { VerifyCommand } from './cli/verify.command.js';
import { exitWith, outliveOutput } from './program.js';

// One file for each command, in cli/.
@Module({
  providers: [
    DemoCommand,
    EpochCommand,
    EpochOpenCommand,
    EraseCommand,
    EraseVendorDetailsCommand,
    ExplainCommand,
    ExplainInvoiceCommand,
    ExportCommand,
    ImportCommand,
    MigrateCommand,
    PlanCommand,
    ReplayCommand,
    TokenCommand,
    TokenCreateCommand,
    TokenListCommand,
    TokenRevokeCommand,
    VerifyCommand,
  ],
})
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
