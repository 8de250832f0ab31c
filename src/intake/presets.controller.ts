import { Controller, Get, Query } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiTags, getSchemaPath } from '@nestjs/swagger';
import { SignedIn } from '../access/declared.js';
import { presets } from '../cash-priority/presets.js';
import { type Call, TheCall } from './call.js';
import { PresetResource } from './consequences.dto.js';
import { Day, Optional } from './fields.js';
import { send } from './reader.js';
import { Checked } from './validation.js';

class PresetListQuery {
  /** Only those that are valid on this day. */
  @Optional()
  @Day()
  on?: string;
}

@Controller('v1/presets')
@ApiTags('presets')
export class PresetsController {
  /** What the law or common terms make of paying late, each for some days and with its source. Not legal advice. */
  @Get()
  @SignedIn()
  @ApiExtraModels(PresetResource)
  @ApiOkResponse({
    description: 'All of them: there are no further pages',
    schema: {
      type: 'object',
      required: ['items', 'next'],
      properties: { items: { type: 'array', items: { $ref: getSchemaPath(PresetResource) } }, next: { type: 'null' } },
    },
  })
  list(@TheCall() call: Call, @Query(Checked) { on }: PresetListQuery): string {
    const items = presets.filter(
      ({ validFrom, validTo }) => on === undefined || (validFrom <= on && (validTo === undefined || on <= validTo)),
    );
    return send(call, undefined, { items, next: null });
  }
}
