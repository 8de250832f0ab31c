import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Drivers read bigint as text; positions are far below what a number holds. */
const position = { to: (value: number): number => value, from: (text: string): number => Number(text) };

/** A row of `books.documents`: a document as lists find it. What it says is read from the log. */
@Entity({ schema: 'books', name: 'documents', synchronize: false })
export class ListedDocument {
  @PrimaryColumn({ name: 'ledger_id', type: 'text' })
  ledgerId!: string;

  @PrimaryColumn({ type: 'int' })
  generation!: number;

  /** As document names begin: `invoice`, `credit-note` … */
  @PrimaryColumn({ type: 'text' })
  kind!: string;

  @PrimaryColumn({ type: 'text' })
  id!: string;

  /** The position of the event that made it. */
  @Column({ name: 'made_at', type: 'bigint', transformer: position })
  madeAt!: number;

  /** The position of the last event that changed it. */
  @Column({ type: 'bigint', transformer: position })
  position!: number;

  @Column({ name: 'vendor_id', type: 'text', nullable: true })
  vendorId!: string | null;

  /** As printed on it. */
  @Column({ type: 'text', nullable: true })
  number!: string | null;

  @Column({ type: 'text', nullable: true })
  status!: string | null;

  /** When the first of what is open falls due. */
  @Column({ name: 'due_on', type: 'date', nullable: true })
  dueOn!: string | null;

  /** What a search looks in, in lower case. */
  @Column({ type: 'text' })
  search!: string;
}
