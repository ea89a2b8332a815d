/** What completion offers, before it is put in the words of the protocol. */
export interface Proposal {
  readonly label: string;
  /** Default: the label. */
  readonly insert?: string;
  readonly kind: number;
  readonly detail?: string;
  readonly doc?: string;
  /** The least stands first; of equals, the order they are offered in. */
  readonly rank: number;
}
