/**
 * The edge: bytes of a call in, a parsed event or a refusal out. HTTP, files and replay all come through
 * here.
 */
import type { ParsedEvent } from './event.ts';
import type { EventSchema, EventType, FieldDefinition } from './field.ts';
import { parseInstant } from './instant.ts';
import { compileShape, invalid } from './parse-shape.ts';
import type { Fault, ParseShape } from './parse-shape.ts';
import { fieldReader } from './read-fields.ts';
import type { FieldReader } from './read-fields.ts';
import type { Refusal } from './refusal.ts';
import { parseStrictJson } from './strict-json.ts';
import { eventCallSchema, labelCallSchema, transactionCallSchema } from './transaction-schema.ts';
import type {
  EventCall,
  EventRequest,
  LabelCall,
  TransactionCall,
  TransactionRequest,
} from './transaction-schema.ts';

export interface ParsedTransaction {
  readonly event: ParsedEvent;
  /** The payment as sent. */
  readonly request: TransactionRequest;
}

export interface ParsedFact {
  readonly event: ParsedEvent;
  /** The event as sent. */
  readonly request: EventRequest;
  /** The payment it is about; always there for status, label and refund. */
  readonly transactionId: string | undefined;
  /** ms: `known_at`, or else `occurred_at` as sent. */
  readonly knownAtMs: number;
  /** Only of type `fact`. */
  readonly fact: NamedFact | undefined;
}

/** A named number about one entity. */
export interface NamedFact {
  readonly name: string;
  readonly value: number;
  /** ms; Infinity where it was not said. */
  readonly untilMs: number;
  readonly field: FieldDefinition;
  readonly entity: string;
}

/** A refusal has a code; what was parsed has not. */
export const isRefusal = (result: object): result is Refusal => 'code' in result;

interface Parsers {
  readonly transaction: ParseShape<TransactionCall>;
  readonly event: ParseShape<EventCall>;
  readonly reader: FieldReader;
  readonly typeSlot: number;
}

const compiled = new WeakMap<EventSchema, Parsers>();

function parsersOf(schema: EventSchema): Parsers {
  let parsers = compiled.get(schema);
  if (parsers === undefined) {
    parsers = {
      transaction: compileShape(transactionCallSchema(schema)),
      event: compileShape(eventCallSchema(schema)),
      reader: fieldReader(schema),
      typeSlot: schema.byPath.get('event')?.textSlot ?? -1,
    };
    compiled.set(schema, parsers);
  }
  return parsers;
}

/** `{ "transaction": { ... } }`. The event's t is `occurred_at` as sent; see applyTolerance. */
export function parseTransactionCall(
  bytes: Uint8Array,
  schema: EventSchema,
  receivedAtMs: number,
  tenant: string,
): ParsedTransaction | Refusal {
  const json = parseStrictJson(bytes);
  if ('code' in json) return json;
  const parsers = parsersOf(schema);
  const call = parsers.transaction(json.value);
  if ('code' in call) return call;
  const request = call.value.transaction;
  const faults: Fault[] = [];
  const event = slotsOf(parsers, request, '/transaction', 'transaction', tenant, receivedAtMs, faults);
  return faults.length > 0 ? invalid(faults) : { event, request };
}

/** `{ "event": { ... } }`. */
export function parseEventCall(
  bytes: Uint8Array,
  schema: EventSchema,
  receivedAtMs: number,
  tenant: string,
): ParsedFact | Refusal {
  const json = parseStrictJson(bytes);
  if ('code' in json) return json;
  const parsers = parsersOf(schema);
  const call = parsers.event(json.value);
  if ('code' in call) return call;
  const request = call.value.event;
  const faults: Fault[] = NEEDS[request.type]
    .filter((name) => (request[name] ?? null) === null)
    .map((name) => ({ pointer: `/event/${name}`, detail: `is required of type ${request.type}` }));
  const event = slotsOf(parsers, request, '/event', request.type, tenant, receivedAtMs, faults);
  const knownAtMs = momentOf(request.known_at, '/event/known_at', faults) ?? event.numbers[0] ?? Number.NaN;
  const fact = request.type === 'fact' ? factOf(request, event, schema, faults) : undefined;
  if (faults.length > 0) return invalid(faults);
  return { event, request, transactionId: request.transaction_id ?? undefined, knownAtMs, fact };
}

const parseLabelShape = compileShape(labelCallSchema);

/** The body of `POST /v1/decisions/{id}/labels`. */
export function parseLabelCall(bytes: Uint8Array): { readonly label: LabelCall } | Refusal {
  const json = parseStrictJson(bytes);
  if ('code' in json) return json;
  const call = parseLabelShape(json.value);
  if ('code' in call) return call;
  const faults: Fault[] = [];
  momentOf(call.value.occurred_at, '/occurred_at', faults);
  momentOf(call.value.known_at, '/known_at', faults);
  return faults.length > 0 ? invalid(faults) : { label: call.value };
}

/** What an event of a type must say, beside its id, type and time. */
const NEEDS: Readonly<Record<EventRequest['type'], readonly (keyof EventRequest)[]>> = {
  login: [],
  payee_added: [],
  profile_change: [],
  refund: ['transaction_id', 'amount'],
  status: ['transaction_id', 'status'],
  label: ['transaction_id', 'label'],
  fact: ['fact'],
};

function slotsOf(
  parsers: Parsers,
  request: TransactionRequest | EventRequest,
  base: string,
  type: EventType,
  tenant: string,
  receivedAtMs: number,
  faults: Fault[],
): ParsedEvent {
  const { reader } = parsers;
  const numbers = reader.noNumbers.slice();
  const texts = reader.noTexts.slice();
  reader.read(request, base, numbers, texts, faults);
  texts[parsers.typeSlot] = type;
  return { type, tenant, id: request.id, position: -1, receivedAtMs, numbers, texts };
}

function momentOf(text: string | null | undefined, pointer: string, faults: Fault[]): number | undefined {
  if (text === undefined || text === null) return undefined;
  const moment = parseInstant(text);
  if (moment === undefined) faults.push({ pointer, detail: 'is not an RFC 3339 instant' });
  return moment;
}

function factOf(
  request: EventRequest,
  event: ParsedEvent,
  schema: EventSchema,
  faults: Fault[],
): NamedFact | undefined {
  const about = schema.fields.filter((field) => field.indexed && event.texts[field.textSlot] !== undefined);
  const [field] = about;
  if (field === undefined || about.length > 1) {
    const has = field === undefined ? 'none' : about.map(({ path }) => path).join(', ');
    faults.push({ pointer: '/event', detail: `a fact is about exactly one entity; here: ${has}` });
  }
  const sent = request.fact;
  if (field === undefined || sent === undefined || sent === null) return undefined;
  const untilMs = momentOf(sent.valid_until, '/event/fact/valid_until', faults) ?? Number.POSITIVE_INFINITY;
  return {
    name: sent.name,
    value: sent.value + 0,
    untilMs,
    field,
    entity: event.texts[field.textSlot] ?? '',
  };
}
