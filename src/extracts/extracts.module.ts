import { Module } from '@nestjs/common';
import { ReportsModule } from '../reports/reports.module.js';
import { ExtractsController } from './extracts.controller.js';

/** Files for the programs of auditors and accountants, over HTTP. They are read like reports. */
@Module({ imports: [ReportsModule], controllers: [ExtractsController] })
export class ExtractsModule {}
