/**
 * Where a payment stands: in the logs of its entities, by what it is; and in those of others that its
 * policy looks at (`match creditor == this.debtor`), by an entry that says only that it was there. So how
 * far it saw them is known for ever, and a copy of it sees the same.
 */
import type { EventSchema, FieldDefinition } from '#domain/field.ts';
import type { LivePolicy } from '#decisioning/live-policy.ts';
import type { Admitted } from '#decisioning/state.ts';
import type { LogName } from '#ports/window-log.ts';
import { logNames } from './shared-windows.ts';

export interface LogPlace {
  readonly name: LogName;
  /** As `log_position` of the decision names it. */
  readonly label: string;
  readonly isSeenOnly: boolean;
}

interface Look { readonly past: FieldDefinition; readonly current: FieldDefinition }

const looks = new WeakMap<LivePolicy['policy'], readonly Look[]>();

/** Logs of others that the policy looks at. */
function looksOf({ policy }: LivePolicy): readonly Look[] {
  const known = looks.get(policy);
  if (known !== undefined) return known;
  const found = new Map<string, Look>();
  for (const { key: { past, current } } of policy.features) {
    if (past.path !== current.path) found.set(labelOf(past, current), { past, current });
  }
  looks.set(policy, [...found.values()]);
  return [...found.values()];
}

const labelOf = (past: FieldDefinition, current: FieldDefinition): string => `${past.path}==${current.path}`;

export function placesOf(schema: EventSchema, { event, live }: Admitted): readonly LogPlace[] {
  const { tenant, texts } = event;
  const places: LogPlace[] = logNames(schema, tenant, texts)
    .map((name) => ({ name, label: name.field, isSeenOnly: false }));
  for (const { past, current } of live === undefined ? [] : looksOf(live)) {
    const value = texts[current.textSlot];
    const isOwn = value !== undefined && texts[past.textSlot] === value;
    if (value === undefined || isOwn) continue;
    places.push({
      name: { tenant, field: past.path, value }, label: labelOf(past, current), isSeenOnly: true,
    });
  }
  return places;
}
