/** Approvals of what somebody wrote: who may give one, how it is written down, and which count. */
import type { Refusal } from '#domain/refusal.ts';
import { RecordConflict, type ApprovalRecord, type Json, type RecordWrites } from '#ports/records.ts';
import type { Actor } from './parts.ts';
import { refuse } from './refuse.ts';
import type { Seals } from './seals.ts';

/** Why this person cannot approve what that author wrote, in this role. */
export function mayNotApprove(
  actor: Actor, { author }: { readonly author: string }, role: string, required: readonly string[],
): Refusal | undefined {
  if (actor.person === author) {
    return refuse('not_allowed', `${author} wrote it, and nobody approves their own work; somebody else `
      + `has to`);
  }
  if (!actor.roles.includes(role)) {
    const held = actor.roles.length === 0 ? 'no role' : actor.roles.join(', ');
    return refuse('not_allowed', `${actor.person} does not hold the role ${role}; the key holds ${held}`,
      '/role');
  }
  if (required.length > 0 && !required.includes(role)) {
    return refuse('invalid', `nobody asks for the role ${role} here; asked for: ${required.join(', '
      + '')}`, '/role');
  }
  return undefined;
}

/** Why a proposal that is no longer one is neither approved nor made live. */
export const notOpen = (
  { id, state }: { readonly id: string; readonly state: string },
): Refusal | undefined =>
  (state === 'proposed' ? undefined : refuse('conflict', `${id} is ${state} already`));

/** Sealed together with the author of what is approved. Throws RecordConflict where it is there already. */
export async function addApproval(
  writes: RecordWrites, seals: Seals, approval: Omit<ApprovalRecord, 'seal'>, author: string,
): Promise<void> {
  const { subject, hash, person, role } = approval;
  const before = await writes.approvals(subject, hash);
  if (before.some((one) => one.person === person && one.role === role)) {
    throw new RecordConflict(`${person} has approved it as ${role} already`);
  }
  await writes.addApproval({ ...approval, seal: seals.approval({ ...approval, author }) });
}

/** Those by another person than the author, under our seal, in one of the roles; no roles: in any. */
export const countingApprovals = (
  approvals: readonly ApprovalRecord[], author: string, roles: readonly string[], seals: Seals,
): readonly ApprovalRecord[] => approvals.filter((approval) => approval.person !== author
  && seals.holdsApproval(approval, author) && (roles.length === 0 || roles.includes(approval.role)));

/** As the audit names them. */
export const approversOf = (approvals: readonly Pick<ApprovalRecord, 'person' | 'role'>[]): Json =>
  approvals.map(({ person, role }) => ({ person, role }));
