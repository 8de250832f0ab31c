import { dayIn, type Instant, type LocalDate } from '../domain/calendar.js';
import type { Recording, Terms } from '../domain/events.js';

// What the files of the AICPA's Audit Data Standards (Procure to Pay, July 2015) have in common.

const three = (names: (n: 1 | 2 | 3) => readonly string[]): string[] => ([1, 2, 3] as const).flatMap(names);

export const taxFields = three((n) => [`Tax${n}_Type`, `Tax${n}_Type_Description`, `Tax${n}_Local`]);
export const taxAccountFields = three((n) => [`GL_Tax${n}_Debit_Account_Number`, `GL_Tax${n}_Credit_Account_Number`]);
export const segmentFields = ['Segment01', 'Segment02', 'Segment03', 'Segment04', 'Segment05'];
export const termsFields = ['Terms_Discount_Percentage', 'Terms_Discount_Days', 'Terms_Due_Days'];
export const userFields = [
  'Entered_By',
  'Entered_Date',
  'Entered_Time',
  'Approved_By',
  'Approved_By_Date',
  'Approved_By_Time',
  'Last_Modified_By',
  'Last_Modified_Date',
  'Last_Modified_Time',
];

type Fields = Record<string, string>;

/** Payment terms. A percentage has at least one decimal, as the standard writes it. */
export const termsOf = (terms: Terms | undefined): Fields =>
  terms === undefined
    ? {}
    : {
        Terms_Due_Days: String(terms.netDays),
        ...(terms.discount && {
          Terms_Discount_Percentage: terms.discount.percent.includes('.')
            ? terms.discount.percent
            : `${terms.discount.percent}.0`,
          Terms_Discount_Days: String(terms.discount.days),
        }),
      };

/** Who recorded an event and when, as the fields of a prefix: the database's clock, in the ledger's time zone. */
export const recordedBy = (
  prefix: 'Entered' | 'Last_Modified' | 'Approved',
  event: Pick<Recording, 'actor' | 'recordedAt'> | undefined,
  timeZone: string,
): Fields => {
  if (event === undefined) return {};
  // The standard's own inconsistency.
  const at = prefix === 'Approved' ? 'Approved_By' : prefix;
  return {
    [`${prefix}_By`]: event.actor.id,
    [`${at}_Date`]: dayIn(timeZone, Date.parse(event.recordedAt)),
    [`${at}_Time`]: timeIn(timeZone, event.recordedAt),
  };
};

/** The time of day at an instant: hours and minutes, as the standard asks for it. */
const timeIn = (timeZone: string, instant: Instant): string => {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
    formats.set(timeZone, format);
  }
  return format.format(Date.parse(instant)).replace(':', '');
};

// Making a formatter costs a thousand times as much as using one.
const formats = new Map<string, Intl.DateTimeFormat>();

/** A day in the name of a file. */
export const inFileName = (day: LocalDate): string => day.replaceAll('-', '');
