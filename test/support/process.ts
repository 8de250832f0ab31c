import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
};

/** The application as a process of its own, from the build, so that it can be killed. */
export class AppProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
    private readonly output: string[],
  ) {}

  /** Starts it and waits until it is ready. */
  static async start(settings: Readonly<Record<string, string>>): Promise<AppProcess> {
    const port = await freePort();
    const child = spawn(process.execPath, ['--import', './test/support/loop-delay.js', 'scripts/run.js', 'main'], {
      cwd: root,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, LOG_LEVEL: 'warn', PORT: String(port), ...settings },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const output: string[] = [];
    child.stdout!.on('data', (text: Buffer) => output.push(text.toString()));
    child.stderr!.on('data', (text: Buffer) => output.push(text.toString()));
    const url = `http://127.0.0.1:${port}`;
    const app = new AppProcess(child, url, output);
    // A build may come first.
    for (const deadline = Date.now() + 120_000; Date.now() < deadline;) {
      if (child.exitCode !== null) break;
      const answer = await fetch(`${url}/health/ready`).catch(() => undefined);
      if (answer?.ok) return app;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    child.kill('SIGKILL');
    throw new Error(`the application did not start:\n${output.join('')}`);
  }

  /** For how long its event loop was late, and busy in one stretch, at most since this was last asked. */
  blockedMs(): Promise<{ delayedMs: number; blockedMs: number }> {
    return this.#told();
  }

  /** How much memory it has. */
  memory(): Promise<{ residentBytes: number }> {
    return this.#told();
  }

  async #told(): Promise<{ delayedMs: number; blockedMs: number; residentBytes: number }> {
    const told = once(this.child, 'message') as Promise<
      [{ delayedMs: number; blockedMs: number; residentBytes: number }]
    >;
    this.child.send('tell');
    return (await told)[0];
  }

  /** Without any chance to tidy up. */
  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }

  /** As Ctrl-C does it. @returns the exit code */
  async stop(): Promise<number | null> {
    const gone = once(this.child, 'exit');
    this.child.kill('SIGINT');
    await gone;
    if (this.child.exitCode !== 0) process.stderr.write(this.output.join(''));
    return this.child.exitCode;
  }
}
