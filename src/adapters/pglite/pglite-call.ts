/** What goes to the thread of the database and comes back. */
export type Question =
  | { readonly id: number; readonly kind: 'query'; readonly sql: string; readonly params: readonly unknown[] }
  | { readonly id: number; readonly kind: 'script'; readonly sql: string }
  | { readonly id: number; readonly kind: 'close' };

/** The answer with the id 0 says that the database is open. */
export type Answer =
  | { readonly id: number; readonly rows: readonly unknown[]; readonly affected: number | undefined }
  | { readonly id: number; readonly fault: { readonly code: string; readonly message: string } };
