/** A nominal type: only the parser of `Name` makes one, so a value that has the brand has been checked. */
export type Brand<Base, Name extends string> = Base & { readonly __brand: Name };
