/**
 * One open document: its diagnostics, and what can be asked about it. INVARIANT: what is published belongs
 * to the text of the version it names; a change calls off what an older text had set in motion.
 */
import type { EventSchema } from '#domain/field.ts';
import { compilePolicy } from '#policy/compile-policy.ts';
import type { CompiledPolicy } from '#policy/compiled-policy.ts';
import type { PolicyDiagnostic } from '#policy/diagnostic.ts';
import { usesIn, type Uses } from './name-uses.ts';
import { outlineOf, type Outline } from './outline.ts';
import { SEVERITY, type Diagnostic } from './protocol.ts';
import { runTests, type TestOutcome, type TestRunParts } from './test-run.ts';
import type { TextDocument } from './text-document.ts';

export interface SessionParts extends TestRunParts {
  readonly schema: EventSchema;
  readonly publish: (document: TextDocument, diagnostics: readonly Diagnostic[]) => void;
}

/** After the last key; the tests wait for a longer pause. */
const CHECK_AFTER_MS = 100;
const TEST_AFTER_MS = 400;

export class PolicySession {
  #document: TextDocument;
  readonly #parts: SessionParts;
  #outline: Outline | undefined;
  #uses: Uses | undefined;
  /** The last outline with as many names as any: what half a quote hides is still known. */
  #fullest: Outline | undefined;
  #found: readonly PolicyDiagnostic[] = [];
  #isDue = false;
  #callOff = (): void => {};

  constructor(document: TextDocument, parts: SessionParts) {
    this.#document = document;
    this.#parts = parts;
    this.#later(0);
  }

  get document(): TextDocument {
    return this.#document;
  }

  /** What the checker says of the text as it is; a check that is due is made at once. */
  get found(): readonly PolicyDiagnostic[] {
    if (this.#isDue) this.#check();
    return this.#found;
  }

  /** Every expression is read for it, once for each text. */
  get uses(): Uses {
    this.#uses ??= usesIn(this.#document.text, this.outline);
    return this.#uses;
  }

  get outline(): Outline {
    this.#outline ??= outlineOf(this.#document.text, this.#parts.schema);
    return this.#outline;
  }

  /** For completion: an open quote may hide all that follows it, and what it hid was known before. */
  get fullestOutline(): Outline {
    const { outline } = this;
    const fullest = this.#fullest;
    if (fullest === undefined || outline.names.length >= fullest.names.length) this.#fullest = outline;
    else return { ...fullest, root: outline.root };
    return outline;
  }

  /** The first mistake that another text would bring, where this one has none; undefined without. */
  mistakeIn(text: string): string | undefined {
    if (this.found.some(({ severity }) => severity === 'error')) return undefined;
    const compiled = compilePolicy(text, this.#document.fileName, this.#parts.schema);
    return 'policy' in compiled ? undefined
      : compiled.diagnostics.find(({ severity }) => severity === 'error')?.message;
  }

  change(document: TextDocument): void {
    // What is known of the text before is kept for the moment in which a quote is open.
    if (isFull(this.#outline, this.#fullest)) this.#fullest = this.#outline;
    this.#document = document;
    this.#outline = undefined;
    this.#uses = undefined;
    this.#later(CHECK_AFTER_MS);
  }

  close(): void {
    this.#callOff();
    this.#parts.publish(this.#document, []);
  }

  #later(ms: number): void {
    this.#isDue = true;
    this.#callOff();
    this.#callOff = this.#parts.later(ms, () => { this.#check(); });
  }

  #check(): void {
    this.#callOff();
    this.#isDue = false;
    const { text, fileName } = this.#document;
    if (!isPolicy(this.#document)) {
      this.#found = [];
      return;
    }
    const compiled = compilePolicy(text, fileName, this.#parts.schema);
    this.#found = 'policy' in compiled ? compiled.policy.warnings : compiled.diagnostics;
    this.#publish(undefined);
    if (!('policy' in compiled)) return;
    this.#fullest = this.outline;
    this.#callOff = this.#parts.later(TEST_AFTER_MS, () => { this.#test(compiled.policy); });
  }

  #test(policy: CompiledPolicy): void {
    this.#callOff = runTests(policy, this.#parts, (outcome) => { this.#publish(outcome); });
  }

  #publish(tested: TestOutcome | undefined): void {
    const document = this.#document;
    const failures = (tested?.failures ?? []).map((failure): Diagnostic => ({
      range: document.rangeOf(failure), severity: SEVERITY.error, code: 'test', source: 'assay test',
      message: failure.message }));
    const leftOut = tested?.leftOut;
    const notice: readonly Diagnostic[] = leftOut === undefined ? [] : [{
      range: document.rangeOf(leftOut), severity: SEVERITY.information, code: 'test', source: 'assay test',
      message: leftOut.message }];
    this.#parts.publish(document, [
      ...this.#found.map((found) => toDiagnostic(document, found)), ...failures, ...notice]);
  }
}

const isFull = (outline: Outline | undefined, fullest: Outline | undefined): boolean =>
  outline !== undefined && outline.names.length >= (fullest?.names.length ?? 0);

/** Other YAML that an editor sends us is not ours to judge. */
const isPolicy = ({ fileName, text }: TextDocument): boolean =>
  /\.policy\.ya?ml$/.test(fileName) || /^policy:/m.test(text);

export function toDiagnostic(document: TextDocument, found: PolicyDiagnostic): Diagnostic {
  return {
    range: document.rangeOf(found), severity: SEVERITY[found.severity], code: found.code, source: 'assay',
    message: found.help === undefined ? found.message : `${found.message}\n${found.help}`,
  };
}
