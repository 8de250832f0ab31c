import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect } from '@jest/globals';

interface Step {
  readonly commands: string;
  /** What the text shows of its output; undefined if nothing. */
  readonly shown: string | undefined;
}

/** The commands in a text, each with the output that stands somewhere before the next commands. */
export const stepsOf = (text: string): Step[] => {
  const blocks = [...text.matchAll(/```(sh|text)\n([^]*?)```/g)].map(([, kind, block]) => ({ kind, text: block! }));
  return blocks.flatMap(({ kind, text: commands }, i) =>
    kind === 'sh' ? [{ commands, shown: blocks[i + 1]?.kind === 'text' ? blocks[i + 1]!.text : undefined }] : [],
  );
};

/**
 * Runs commands by bash as they stand in a text, and compares what they say with what stands there.
 *
 * @param adapted makes of a text's commands those for this machine
 */
export const runSteps = async (
  steps: readonly Step[],
  cwd: string,
  adapted: (commands: string) => string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> => {
  const mark = '-- next step --';
  const script = steps.map(({ commands }) => `${adapted(commands)}\necho '${mark}'`).join('\n');
  const bash = spawn('bash', ['-s'], { cwd, env, stdio: ['pipe', 'pipe', 'inherit'] });
  let output = '';
  bash.stdout.on('data', (text: Buffer) => (output += text.toString()));
  bash.stdin.end(script);
  expect(await once(bash, 'close')).toEqual([0, null]);
  const outputs = output.split(`${mark}\n`).slice(0, -1);
  expect(outputs).toEqual(steps.map(({ shown }) => shown ?? ''));
};
