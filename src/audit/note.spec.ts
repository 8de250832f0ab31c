import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { formatBundle, openCheckpoint, parseBundle, parseCheckpoint, signCheckpoint } from './checkpoint.js';
import { emptyRoot, leafHash } from './merkle.js';
import { formatVerifierKey, NoteError, openNote, parseVerifierKey, signNote, verifierKey } from './note.js';

const { notes } = JSON.parse(readFileSync('test/merkle-vectors.json', 'utf8')) as {
  notes: {
    vkey: string;
    note: string;
    seed?: string;
    publicKey?: string;
    checkpoint?: { origin: string; size: string; rootBase64: string };
  }[];
};
const [published, ours] = notes as [(typeof notes)[0], Required<(typeof notes)[0]>];

const fromSeed = (seed: string) =>
  createPrivateKey({
    key: Buffer.from(`302e020100300506032b657004220420${seed}`, 'hex'),
    format: 'der',
    type: 'pkcs8',
  });
const keyPair = () => generateKeyPairSync('ed25519');

describe('the published notes', () => {
  it('have the keys that they say, and are signed by them', () => {
    for (const { vkey, note } of notes) {
      const key = parseVerifierKey(vkey);
      expect(formatVerifierKey(key)).toBe(vkey);
      expect(openNote(note, [key]).signers).toEqual([key]);
    }
    expect(openNote(published.note, [parseVerifierKey(published.vkey)]).text).toBe('This is an example message.\n');
  });

  it('are made again, byte for byte', () => {
    const privateKey = fromSeed(ours.seed);
    const { origin, size, rootBase64 } = ours.checkpoint;
    expect(formatVerifierKey(verifierKey(origin, createPublicKey(privateKey)))).toBe(ours.vkey);
    const checkpoint = { origin, size: Number(size), root: Buffer.from(rootBase64, 'base64') };
    expect(signCheckpoint(checkpoint, privateKey)).toBe(ours.note);
    expect(openCheckpoint(ours.note, [parseVerifierKey(ours.vkey)])).toEqual(checkpoint);
  });
});

const { privateKey, publicKey } = keyPair();
const key = verifierKey('x.example/acme/1', publicKey);
const checkpoint = { origin: 'x.example/acme/1', size: 3, root: emptyRoot };
const note = signCheckpoint(checkpoint, privateKey);
const signatureLine = note.split('\n').at(-2)!;

describe('a note', () => {
  it.each([
    ['another size', note.replace('\n3\n', '\n4\n')],
    [
      'another signature',
      note.replace(
        / (\S+)\n$/,
        (_, text: string) => ` ${text.replace(/.(?=.{10}$)/, (c) => (c === 'A' ? 'B' : 'A'))}\n`,
      ),
    ],
    ['no signature', note.split('\n\n')[0]! + '\n'],
    ['a signature of nobody known', signCheckpoint(checkpoint, keyPair().privateKey)],
    ['a signature without its newline', note.slice(0, -1)],
    ['another dash', note.replace('—', '-')],
    ['a carriage return', note.replace('\n3', '\r\n3')],
    ['a control character', note.replace('acme', 'ac\u0007me')],
    ['a replaced character', note.replace('acme', 'ac\ufffdme')],
    [
      'a second, wrong signature of the same key',
      `${note}${signatureLine.replace(/.(?=.{10}$)/, (c) => (c === 'A' ? 'B' : 'A'))}\n`,
    ],
    ['text between its signatures', `${note}hello\n`],
    ['nothing', ''],
  ])('with %s is not trusted', (_, text) => expect(() => openCheckpoint(text, [key])).toThrow(NoteError));

  it('may bear signatures of others, whatever they are', () => {
    const other = signNote('x\n', 'witness.example', keyPair().privateKey).split('\n').at(-2)!;
    expect(openCheckpoint(`${note}${other}\n`, [key])).toEqual(checkpoint);
    const text = note.split('\n\n')[0]!;
    expect(openCheckpoint(`${text}\n\n${other}\n${signatureLine}\n`, [key])).toEqual(checkpoint);
  });

  it('is split at its last empty line', () => {
    const text = 'a\n\nb\n';
    expect(openNote(signNote(text, 'n', privateKey), [verifierKey('n', publicKey)]).text).toBe(text);
  });

  it('counts as of its origin only if that signed it', () => {
    const text = note.split('\n\n')[0]! + '\n';
    const byAnother = signNote(text, 'y.example', privateKey);
    expect(() => openCheckpoint(byAnother, [verifierKey('y.example', publicKey)])).toThrow('was not signed as');
  });
});

describe('a verifier key', () => {
  const line = formatVerifierKey(key);
  it.each([
    ['another name', line.replace('acme', 'acne')],
    ['another id', line.replace(/\+(.)/, (_, c: string) => `+${c === '0' ? '1' : '0'}`)],
    ['another type', line.replace(/\+A[Q-Za-z]/, '+Ag')],
    ['less', line.slice(0, -4)],
    ['no parts', 'hello'],
    ['a blank in its name', line.replace('acme', 'ac me')],
  ])('with %s is none', (_, text) => expect(() => parseVerifierKey(text)).toThrow(NoteError));
  it('has no name with a plus sign', () => expect(() => verifierKey('a+b', publicKey)).toThrow(NoteError));
  it('is of no other sort', () =>
    expect(() => verifierKey('a', generateKeyPairSync('x25519').publicKey)).toThrow('not an Ed25519 key'));
});

describe('the text of a checkpoint', () => {
  const root = emptyRoot.toString('base64');
  it.each([
    ['', '1', root],
    ['o', '01', root],
    ['o', '-1', root],
    ['o', '1e3', root],
    ['o', '9007199254740993', root],
    ['o', '1', root.slice(4)],
    ['o', '1', root.replace('=', '')],
  ])('is not %j, %j, %j', (...lines) => expect(() => parseCheckpoint(`${lines.join('\n')}\n`)).toThrow(NoteError));
  it('may have more lines', () =>
    expect(parseCheckpoint(`o\n1\n${root}\nmore\n`)).toEqual({ origin: 'o', size: 1, root: emptyRoot }));
});

describe('a proof bundle', () => {
  const bundle = { line: Buffer.from('{"position":2}'), index: 1, proof: [leafHash('a'), leafHash('b')], note };
  it('is read as it was written', () => expect(parseBundle(formatBundle(bundle))).toEqual(bundle));
  it('may have no elements: a log of one event', () =>
    expect(parseBundle(formatBundle({ ...bundle, index: 0, proof: [] })).proof).toEqual([]));
  it('begins as the format says', () =>
    expect(formatBundle(bundle).split('\n').slice(0, 3)).toEqual([
      'c2sp.org/tlog-proof@v1',
      `extra ${bundle.line.toString('base64')}`,
      'index 1',
    ]));
  it.each([
    ['another header', formatBundle(bundle).replace('@v1', '@v2')],
    ['a leading zero', formatBundle(bundle).replace('index 1', 'index 01')],
    ['a short hash', formatBundle(bundle).replace(/\n\S{4}(\S{40})\n/, '\n$1\n')],
    ['no line', formatBundle(bundle).replace(/extra .*\n/, '')],
  ])('with %s is none', (_, text) => expect(() => parseBundle(text)).toThrow(NoteError));
});
