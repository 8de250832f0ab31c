import { Body, Get, Param, Post, Query } from '@nestjs/common';
import { AnyRole, Roles } from '../access/declared.js';
import { CreditNoteResource, PostCreditNoteBody, toPostCreditNote } from './credit-notes.dto.js';
import { ApiId, Commands, LedgerRoutes, ListsOf, Shows } from './api.js';
import { type Call, TheCall } from './call.js';
import { CommandDesk } from './command-desk.js';
import { Lists } from './lists.js';
import { Reader } from './reader.js';
import { DocumentListQuery, ReadQuery } from './reading.dto.js';
import { renderCreditNote } from './renders.js';
import { creditNoteResource } from './resources.js';
import { ReverseBody, toReversal } from './reversals.dto.js';
import { Checked } from './validation.js';

@LedgerRoutes('credit-notes')
export class CreditNotesController {
  constructor(
    private readonly desk: CommandDesk,
    private readonly reader: Reader,
    private readonly lists: Lists,
  ) {}

  /** Posts a credit note: what of it settles nothing stays on account. */
  @Post()
  @Roles('clerk')
  @Commands(CreditNoteResource)
  post(@TheCall() call: Call, @Body(Checked) body: PostCreditNoteBody): Promise<string> {
    return this.desk.carryOut(call, toPostCreditNote(body), renderCreditNote);
  }

  /** Takes a credit note back. Its allocations end with it, and what they settled is open again. */
  @Post(':id/reversal')
  @Roles('clerk')
  @ApiId('id', 'The credit note')
  @Commands(CreditNoteResource)
  reverse(@TheCall() call: Call, @Param('id') id: string, @Body(Checked) body: ReverseBody): Promise<string> {
    return this.desk.carryOut(
      call,
      { type: 'ReverseCreditNote', ...toReversal(body), creditNoteId: id },
      renderCreditNote,
    );
  }

  /** Credit notes, by vendor or by a word. */
  @Get()
  @AnyRole()
  @ListsOf(CreditNoteResource)
  list(@TheCall() call: Call, @Query(Checked) query: DocumentListQuery): Promise<string> {
    return this.lists.answer(call, 'credit-note', query, creditNoteResource);
  }

  /** One credit note, with what it is used for. */
  @Get(':id')
  @AnyRole()
  @ApiId('id', 'The credit note')
  @Shows(CreditNoteResource)
  get(@TheCall() call: Call, @Param('id') id: string, @Query(Checked) query: ReadQuery): Promise<string> {
    return this.reader.answer(call, `credit-note/${id}`, query, creditNoteResource);
  }
}
