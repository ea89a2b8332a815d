/**
 * One step of the schema. Steps go forward only, and only add: a program that knows fewer steps keeps running
 * beside it. A step that takes something away comes after the programs that used it are gone, and says so.
 */
export interface SchemaStep {
  /** 1, 2, 3, ... */
  readonly number: number;
  readonly name: string;
  /** A program may run on the database from here on if it knows the steps up to this one. */
  readonly oldestProgram: number;
  /** Scripts, of any number of statements. */
  readonly sql: readonly string[];
}
