import { Controller, Get, Header, Param } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Public } from './access/declared.js';
import { Problem, problems } from './intake/problems.js';

/** What the `type` of a problem leads to: a page for the person who meets it. */
@ApiExcludeController()
@Controller('problems')
export class ProblemPagesController {
  @Get()
  @Public()
  @Header('Content-Type', 'text/html; charset=utf-8')
  list(): string {
    const rows = Object.entries(problems)
      .sort(([, a], [, b]) => a.status - b.status)
      .map(([code, { title, status }]) => `<tr><td>${status}<td><a href="/problems/${code}">${code}</a><td>${title}`);
    return page('Problems', `<table>\n${rows.join('\n')}\n</table>`);
  }

  @Get(':code')
  @Public()
  @Header('Content-Type', 'text/html; charset=utf-8')
  one(@Param('code') code: string): string {
    if (!Object.hasOwn(problems, code))
      throw new Problem('not-found', 'There is no such problem; /problems lists them all.');
    const { title, status } = problems[code as keyof typeof problems];
    return page(
      title,
      `<p>Answered as <code>${code}</code>, HTTP status ${status}.</p>\n<p>${adviceOn(code, status)}</p>\n` +
        '<p><a href="/problems">All problems</a> · <a href="/docs">The API</a></p>',
    );
  }
}

/** What to do about it, in general; the answer itself says what it was in the case at hand. */
const adviceOn = (code: string, status: number): string => {
  const special: Readonly<Record<string, string>> = {
    'id-already-used':
      'Ids are never used again. If the request is a repeat, send it as it was; else choose another id.',
    'duplicate-invoice':
      'The answer names the earlier invoice. If this is another one all the same, send it with allowDuplicate and a reason.',
    'idempotency-key-reused': 'A key stands for one request. Use a new key for a new request.',
    'outcome-unknown':
      'It may or may not have been recorded. Repeat the same request with the same Idempotency-Key: the answer tells.',
    'not-yet-there':
      'The reports are a moment behind what was just recorded. Repeat the request after the time in Retry-After.',
    'period-closed':
      'The answer says through which day the books are closed. Use a later day, or have the period reopened.',
    'ledger-set-back':
      'The database was restored to an earlier state than was signed already, or the log was changed. An operator has to look at it, and lets the ledger go on with duebook epoch open.',
    'internal-error':
      'The fault is ours and has been logged. If the request was to record something, repeat it with the same Idempotency-Key.',
  };
  const general: Readonly<Record<number, string>> = {
    400: 'The answer has a list errors, which names every fault and, by a JSON pointer, where it is. Correct the request and send it again. Nothing was recorded.',
    401: 'Send the header Authorization with Bearer, a blank and a valid token.',
    404: 'Check the address and the ids in it.',
    409: 'It contradicts something that is already recorded; the answer names it. Nothing was recorded.',
    422: 'A rule of the books refuses it; detail says which and what would do. Nothing was recorded.',
    429: 'Wait for the time in Retry-After and send the request again. Nothing was recorded.',
    503: 'It passes by itself. Repeat the request, with the same Idempotency-Key if it was to record something.',
  };
  return special[code] ?? general[status] ?? 'The answer says in detail what was wrong. Nothing was recorded.';
};

const page = (title: string, body: string): string => `<!doctype html>
<html lang="en-GB">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title} – Duebook</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:45em;margin:3em auto;padding:0 1em}td{padding:.2em 1em .2em 0;vertical-align:top}</style>
<h1>${title}</h1>
${body}
`;
