import { readFileSync } from 'node:fs';
import type { LocalDate } from '../domain/calendar.js';
import type { Consequences, Terms } from '../domain/events.js';
import type { Currency } from '../domain/money.js';

/** What the law or common terms make of paying late, as it was on some days. Data with a source, not advice. */
export interface Preset {
  readonly id: string;
  readonly name: string;
  readonly validFrom: LocalDate;
  /** The last day on which it holds; without it, until further notice. */
  readonly validTo?: LocalDate;
  /** Of its amounts. */
  readonly currency?: Currency;
  readonly note: string;
  readonly source: string;
  readonly consequences?: Consequences;
  readonly terms?: Terms;
}

/** Every preset, several of one id for different days, in the order of the file. */
export const presets: readonly Preset[] = (
  JSON.parse(readFileSync(new URL('./presets.json', import.meta.url), 'utf8')) as { presets: Preset[] }
).presets;

/** The preset of an id on a day. */
export const presetOn = (id: string, on: LocalDate): Preset | undefined =>
  presets.find(
    (preset) => preset.id === id && preset.validFrom <= on && (preset.validTo === undefined || on <= preset.validTo),
  );
