import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { PackedText } from '../domain/events.js';

/** A long text as an event keeps it: on one line, and a tenth as long. */
export const pack = async (text: string): Promise<PackedText> => ({
  encoding: 'gzip+base64',
  bytes: Buffer.byteLength(text),
  content: (await promisify(gzip)(text)).toString('base64'),
});

/** @returns the text as UTF-8 */
export const unpack = ({ content }: PackedText): Promise<Buffer> => promisify(gunzip)(Buffer.from(content, 'base64'));
