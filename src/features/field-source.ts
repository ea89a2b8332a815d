/** Reading fields in generated code, where no expression stands in between: keys, the type of an event. */
import type { FieldDefinition } from '#domain/field.ts';

export const numberAt = (slot: number, row: string): string => `N[${slot}][${row}>>>12][${row}&4095]`;
export const codeAt = (slot: number, row: string): string => `C[${slot}][${row}>>>12][${row}&4095]`;

export interface KeyTest {
  /** Declares what the current event has. */
  readonly declare: string;
  /** Is the current side missing? */
  readonly missing: string;
  /**
   * Does the past event in row `r` have the same? Where the current side is missing, the feature is missing.
   */
  readonly equal: string;
}

/** A further equality between a past field and one of the current event. Texts are equal as sent. */
export function keyTest(past: FieldDefinition, current: FieldDefinition, name: string): KeyTest {
  if (past.textSlot < 0) {
    return {
      declare: `const ${name}=e.numbers[${current.numberSlot}];`,
      missing: `${name}!==${name}`,
      equal: `${numberAt(past.numberSlot, 'r')}===${name}`,
    };
  }
  const declare = `const ${name}=e.texts[${current.textSlot}];`;
  if (past.path === 'status' || past.path === 'label') {
    const at = past.path === 'status' ? '$.statusAt(r,t)' : '$.labelAt(r,t)';
    return { declare, missing: `${name}===undefined`, equal: `${at}===${name}` };
  }
  if (!current.history) {
    const text = `D[${codeAt(past.textSlot, 'r')}]`;
    return { declare, missing: `${name}===undefined`, equal: `${text}===${name}` };
  }
  // The current event has a row, so its text has a code: comparing codes is comparing texts.
  return {
    declare: `const ${name}=${codeAt(current.textSlot, 'c')};`,
    missing: `${name}===0`,
    equal: `${codeAt(past.textSlot, 'r')}===${name}`,
  };
}
