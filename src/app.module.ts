import type { AddressInfo } from 'node:net';
import { type DynamicModule, Global, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import pg from 'pg';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import { AccessDirectory } from './access/directory.js';
import { recordClaims } from './access/installation.js';
import { Login } from './access/login.js';
import { OidcTokens } from './access/oidc.js';
import { TokenUses } from './access/token-uses.js';
import { readOrMakeKey } from './audit/keys.js';
import { Outside } from './audit/outside.js';
import { Proofs } from './audit/proofs.js';
import { installationBase, LedgerSetBack, Sealer } from './audit/sealer.js';
import { serveApiDocument } from './api-document.js';
import { TotalsRecorder } from './closing/totals-recorder.js';
import type { Config } from './config.js';
import { createDataSource } from './database/data-source.js';
import { EventLog } from './event-log/event-log.js';
import { ExtractsModule } from './extracts/extracts.module.js';
import { HealthController } from './health.controller.js';
import { createHttpAdapter } from './intake/http.js';
import { intakeEntities, IntakeModule } from './intake/intake.module.js';
import { createLogger, NestLog } from './logging.js';
import { ProblemPagesController } from './problem-pages.controller.js';
import { Adopter } from './planning/adopter.js';
import { PlanJobs } from './planning/plan-jobs.js';
import { Planner } from './planning/planner.js';
import { Books } from './projections/books.js';
import { ProjectionWorker } from './projections/worker.js';
import { ReportReader } from './reports/as-of.js';
import { READ_POOL } from './reports/read-pool.js';
import { ReportsModule } from './reports/reports.module.js';
import { RequestLog } from './request-log.js';
import { readOrMakeMasterKey } from './vault/master-key.js';
import { VendorKeys } from './vault/vendor-keys.js';

export interface AppOptions {
  /** The database, as a member of `duebook_app`; its schema is up to date. */
  readonly url: string;
  /** Where reports are read: a replica, perhaps. `url` where none is given. */
  readonly readUrl?: string;
  /** The bearer token that has all roles. */
  readonly token: string;
  /** The code of the planning thread, where it is not beside the planner. */
  readonly planningThread?: URL;
  /** By default only errors are logged. */
  readonly logger?: Logger;
}

/** The settings that the application itself looks at. */
export type AppConfig = Pick<
  Config,
  | 'host'
  | 'port'
  | 'oidc'
  | 'trustedProxies'
  | 'dataDirectory'
  | 'checkpointDirectory'
  | 'checkpointUrl'
  | 'checkpointKeyFile'
  | 'checkpointOrigin'
  | 'masterKeyFile'
>;

/** The application, answering. */
export interface App {
  readonly nest: NestFastifyApplication;
  /** Where it answers, without a slash at the end. */
  readonly url: string;
  readonly log: EventLog;
  /** Takes in nothing more, lets what is under way end, and gives back all connections. The database stays as it is. */
  close(): Promise<void>;
}

/**
 * Makes the application and lets it listen.
 *
 * @param config port 0 takes a free one
 * @throws {SecretFileError} if there is no key to sign checkpoints with
 * @throws {SecretFileError} if there is no key to wrap the keys of vendors with
 * @example const app = await createApp(readConfig({ PORT: '0' }), { url: database.appUrl, token });
 */
export const createApp = async (config: AppConfig, options: AppOptions): Promise<App> => {
  const logger = options.logger ?? createLogger('error');
  const masterKey = await readOrMakeMasterKey(config);
  const resources = new Resources(config, options, logger, masterKey);
  const { log, worker } = resources;
  let sealer: Sealer;
  let nest: NestFastifyApplication | undefined;
  try {
    await resources.dataSource.initialize();
    sealer = await resources.makeSealer(config);
    // Before anything is taken in: a log that was set back must not grow.
    await sealer.compareAll();
    const adapter = createHttpAdapter({
      loggerInstance: logger,
      logController: new RequestLog(),
      requestTimeout: requestTimeLimitMs,
      ...(config.trustedProxies.length > 0 && { trustProxy: [...config.trustedProxies] }),
    });
    nest = await NestFactory.create<NestFastifyApplication>(AppModule.with(resources, sealer), adapter, {
      bodyParser: false,
      abortOnError: false,
      forceCloseConnections: false,
      return503OnClosing: true,
      logger: new NestLog(logger),
    });
    nest.useSecurityHeaders({
      // TLS, and what a browser has to know about it, is the business of whoever puts it in front.
      strictTransportSecurity: false,
      contentSecurityPolicy: {
        directives: {
          upgradeInsecureRequests: null,
          frameAncestors: `'none'`,
          fontSrc: [`'self'`, 'data:'],
          styleSrc: [`'self'`, `'unsafe-inline'`],
        },
      },
      xFrameOptions: { action: 'deny' },
    });
    serveApiDocument(nest);
    worker.start();
    sealer.start();
    resources.planner.start();
    resources.totals.start();
    await nest.listen(config.port, config.host);
  } catch (error) {
    await nest?.close();
    await resources.close();
    throw error;
  }
  const running = nest;
  return {
    nest: running,
    url: urlOf(running, config.host),
    log,
    close: async () => {
      await stopServing(running);
      await resources.close();
    },
  };
};

/** How long one call of the log may take: less than a batch is sent again for (`resendMs`). */
const logTimeLimitMs = 12_000;
/** How long a request may take to arrive. */
const requestTimeLimitMs = 60_000;
/** How long requests under way may take to be answered once the application is to stop. */
const farewellLimitMs = 10_000;

/** Everything that holds connections, and the order in which it lets go of them. */
class Resources {
  readonly #logPool: pg.Pool;
  readonly #workerPool: pg.Pool;
  readonly #auditPool: pg.Pool;
  readonly #jobPool: pg.Pool;
  #sealer: Sealer | undefined;
  readonly readPool: pg.Pool;
  readonly dataSource: DataSource;
  readonly log: EventLog;
  readonly books: Books;
  readonly worker: ProjectionWorker;
  readonly planner: Planner;
  readonly directory: AccessDirectory;
  readonly login: Login;
  readonly tokenUses: TokenUses;
  readonly adopter: Adopter;
  readonly planJobs: PlanJobs;
  readonly proofs: Proofs;
  readonly totals: TotalsRecorder;
  readonly vendorKeys: VendorKeys;

  constructor(
    config: AppConfig,
    { url, readUrl = url, token, planningThread }: AppOptions,
    private readonly logger: Logger,
    masterKey: Buffer,
  ) {
    const pool = (connectionString: string, name: string, max: number, more: pg.PoolConfig = {}): pg.Pool => {
      const made = new pg.Pool({
        ...more,
        connectionString,
        max,
        application_name: name,
        connectionTimeoutMillis: 10_000,
        keepAlive: true,
      });
      // An idle connection that breaks is replaced at the next need; unheard, its error would end the process.
      made.on('error', (err) => {
        logger.warn({ err, pool: name }, 'lost an idle connection to the database');
      });
      // And one that breaks between two statements of whoever has it: the next statement fails, which is told there.
      made.on('connect', (client) => client.on('error', () => undefined));
      return made;
    };
    // One batch of a ledger is under way at a time, so few connections write; the rest is for reading documents.
    // A network that swallows a call says nothing for a quarter of an hour: past this time the batch is sent again on
    // another connection, which its keys make harmless.
    this.#logPool = pool(url, 'duebook log', 12, {
      query_timeout: logTimeLimitMs,
      // Behind a new connection there may be another server: one that lost the last of what was signed.
      verify: (client, done) => {
        const checked = this.#sealer?.check(client) ?? Promise.resolve();
        checked.then(() => {
          done();
        }, done);
      },
    });
    // Its own, so that no report can keep the books from going on.
    this.#workerPool = pool(url, 'duebook worker', 3);
    this.#auditPool = pool(url, 'duebook audit', 4);
    this.#jobPool = pool(url, 'duebook plan list', 2);
    this.readPool = pool(readUrl, 'duebook reports', 8);
    this.dataSource = createDataSource(url, {
      entities: [...intakeEntities],
      poolSize: 4,
      connectTimeoutMS: 10_000,
      poolErrorHandler: (err: unknown) => {
        logger.warn({ err, pool: 'duebook lists' }, 'lost an idle connection to the database');
      },
    });
    this.log = new EventLog(this.#logPool);
    this.books = new Books(this.readPool);
    this.worker = new ProjectionWorker(this.#workerPool, this.log, (err, ledger) => {
      logger.error({ err, ledger }, 'the books could not be folded further; trying again');
    });
    this.books.nudge = (ledgerId) => {
      this.worker.nudge(ledgerId);
    };
    this.planner = new Planner({
      url: readUrl,
      ...(planningThread && { thread: planningThread }),
      report: (err, message) => {
        logger.error({ err }, message);
      },
    });
    this.directory = new AccessDirectory(this.log);
    this.tokenUses = new TokenUses(this.#workerPool, (err) => {
      logger.warn({ err }, 'that a token was used could not be written down');
    });
    this.login = new Login({
      firstToken: token,
      directory: this.directory,
      oidc: config.oidc && new OidcTokens(config.oidc),
      recordClaims: (claimed) => recordClaims(this.log, claimed),
      onUse: (tokenId) => {
        this.tokenUses.note(tokenId);
      },
      onFailure: ({ isLast, reason, ...from }) => {
        logger.warn({ ...from, reason }, isLast ? 'a login failed; more are held up for a minute' : 'a login failed');
      },
    });
    this.adopter = new Adopter(
      url,
      async (ledgerId) => {
        await this.#lookBehindNewConnection(url);
        this.log.mayAppend(ledgerId);
      },
      planningThread && new URL('adoption-thread.js', planningThread),
    );
    this.planJobs = new PlanJobs(this.#jobPool);
    this.proofs = new Proofs(this.#auditPool);
    this.totals = new TotalsRecorder(
      this.#workerPool,
      this.log,
      new ReportReader(this.log, this.books, this.readPool),
      this.proofs,
      (err) => {
        logger.error({ err }, 'the totals of a closed period could not be recorded; trying again');
      },
    );
    this.vendorKeys = new VendorKeys(this.#logPool, () => Promise.resolve(masterKey));
  }

  /** What seals the logs, and keeps watch over what was signed. */
  async makeSealer(config: AppConfig): Promise<Sealer> {
    const base = config.checkpointOrigin ?? installationBase(await this.log.requestKey());
    const report = (err: unknown): void => {
      if (err instanceof LedgerSetBack) this.logger.fatal({ ledger: err.setBack.ledgerId }, err.message);
      else this.logger.error({ err }, 'the proof of the log could not be carried on; trying again');
    };
    const sealer = new Sealer(this.#auditPool, this.log, {
      base,
      privateKey: await readOrMakeKey(config),
      outside: new Outside(config.checkpointDirectory, base, config.checkpointUrl, (err) => {
        this.logger.warn({ err }, 'a checkpoint could not be sent to CHECKPOINT_URL; the next one will be');
      }),
      nowMs: Date.now,
      report,
    });
    this.log.mayAppend = (ledgerId) => {
      sealer.mayAppend(ledgerId);
    };
    this.#sealer = sealer;
    return sealer;
  }

  /** For those who make connections of their own: as `verify` of the log's pool. What it finds `mayAppend` tells. */
  async #lookBehindNewConnection(url: string): Promise<void> {
    const client = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: 10_000,
      query_timeout: logTimeLimitMs,
    });
    client.on('error', () => undefined);
    await client.connect();
    try {
      await this.#sealer?.check(client);
    } catch {
      // A ledger that was set back is noted by now; a connection that broke breaks for whoever comes next as well.
    } finally {
      await client.end();
    }
  }

  async close(): Promise<void> {
    await this.planner.stop();
    await this.adopter.drain();
    await this.totals.stop();
    await this.log.drain();
    await this.worker.stop();
    await this.#sealer?.stop();
    if (this.dataSource.isInitialized) await this.dataSource.destroy();
    const pools = [this.#logPool, this.#workerPool, this.#auditPool, this.#jobPool, this.readPool];
    await Promise.all(pools.map((pool) => pool.end()));
  }
}

/** What rooms ask for without knowing who makes it. */
@Global()
@Module({})
class ResourcesModule {
  static with(resources: Resources, sealer: Sealer): DynamicModule {
    const {
      log,
      books,
      dataSource,
      readPool,
      planner,
      adopter,
      planJobs,
      directory,
      login,
      tokenUses,
      proofs,
      totals,
      vendorKeys,
    } = resources;
    const providers = [
      { provide: EventLog, useValue: log },
      { provide: Books, useValue: books },
      { provide: DataSource, useValue: dataSource },
      { provide: READ_POOL, useValue: readPool },
      { provide: Planner, useValue: planner },
      { provide: AccessDirectory, useValue: directory },
      { provide: Login, useValue: login },
      { provide: TokenUses, useValue: tokenUses },
      { provide: Adopter, useValue: adopter },
      { provide: PlanJobs, useValue: planJobs },
      { provide: Proofs, useValue: proofs },
      { provide: TotalsRecorder, useValue: totals },
      { provide: VendorKeys, useValue: vendorKeys },
      { provide: Sealer, useValue: sealer },
    ];
    return { module: ResourcesModule, providers, exports: providers.map(({ provide }) => provide) };
  }
}

/** The wiring: the only place that knows all rooms. */
@Module({})
class AppModule {
  static with(resources: Resources, sealer: Sealer): DynamicModule {
    return {
      module: AppModule,
      imports: [ResourcesModule.with(resources, sealer), IntakeModule, ReportsModule, ExtractsModule],
      controllers: [HealthController, ProblemPagesController],
    };
  }
}

const stopServing = async (nest: NestFastifyApplication): Promise<void> => {
  // A reader that takes its time over a long stream must not keep us for ever.
  const timer = setTimeout(() => {
    nest.getHttpServer().closeAllConnections();
  }, farewellLimitMs);
  try {
    await nest.close();
  } finally {
    clearTimeout(timer);
  }
};

const urlOf = (nest: NestFastifyApplication, host: string): string => {
  const { port } = nest.getHttpServer().address() as AddressInfo;
  // "Every address" is none that a browser could be given.
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
};
