import { CommandGroup, DuebookCommand } from './command.js';
import { Command, Option, SubCommand } from './commander.js';
import type { EraseOptions } from './erase.js';

@SubCommand({
  name: 'vendor-details',
  arguments: '<vendor>',
  description: 'Make a vendor’s bank details unreadable for good, by destroying the key that they are sealed with',
})
export class EraseVendorDetailsCommand extends DuebookCommand {
  async run([vendorId = '']: string[], options: EraseOptions): Promise<void> {
    const { eraseVendorDetails } = await import('./erase.js');
    await eraseVendorDetails(vendorId, options);
  }

  @Option({ flags: '--ledger <id>', description: 'The ledger, if there are several' })
  ledger(id: string): string {
    return id;
  }

  @Option({ flags: '--reason <text>', description: 'Why' })
  reason(text: string): string {
    return text;
  }
}

@Command({
  name: 'erase',
  description: 'Make personal data unreadable that the log has sealed',
  subCommands: [EraseVendorDetailsCommand],
})
export class EraseCommand extends CommandGroup {}
