import { DuebookCommand } from './command.js';
import { Command, Option } from './commander.js';
import type { VerifyOptions } from './verify.js';

@Command({
  name: 'verify',
  arguments: '[ledger]',
  description:
    'Prove that a log is whole and unaltered: the one in the database, or an export, without database and network. ' +
    'Exit code 0 only if nothing is wrong; else every position at fault is named.',
})
export class VerifyCommand extends DuebookCommand {
  async run([name]: string[], options: VerifyOptions): Promise<void> {
    const { verify } = await import('./verify.js');
    await verify(name, options);
  }

  @Option({ flags: '--export <file>', description: 'Verify this export (NDJSON) instead of the database' })
  export(file: string): string {
    return file;
  }

  @Option({ flags: '--checkpoint <file>', description: 'The signed checkpoint that the export is to agree with' })
  checkpoint(file: string): string {
    return file;
  }

  @Option({ flags: '--public-key <file>', description: 'The verifier keys to trust, one a line' })
  publicKey(file: string): string {
    return file;
  }

  @Option({
    flags: '--since <file...>',
    description: 'Earlier checkpoints that you kept: the log has to go on from them',
  })
  since(file: string, files: readonly string[] = []): readonly string[] {
    return [...files, file];
  }
}
