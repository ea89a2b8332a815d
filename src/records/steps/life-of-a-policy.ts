import type { SchemaStep } from '../schema-step.ts';

const TABLES = `
create table policy_version (
  hash text collate "C" primary key, policy text collate "C" not null, version bigint not null,
  title text not null, file text not null, source text not null,
  author text not null, author_seal text, at_ms bigint not null, note text not null, withdrawn_at_ms bigint,
  ordinal bigint generated always as identity);
create index policy_version_newest on policy_version (policy, at_ms desc, ordinal desc);

create table evidence (
  ordinal bigint generated always as identity primary key,
  hash text collate "C" not null references policy_version, kind text not null, passed boolean not null,
  at_ms bigint not null, person text not null, summary jsonb not null);
create index evidence_of_version on evidence (hash, ordinal);

create table approval (
  subject text not null check (subject in ('version', 'list_change', 'snooze')),
  hash text collate "C" not null, role text not null, person text not null,
  at_ms bigint not null, seal text not null, ordinal bigint generated always as identity,
  primary key (subject, hash, role, person));

create table list_change (
  id text collate "C" primary key, hash text collate "C" not null, list text collate "C" not null,
  kind text not null check (kind in ('replace', 'amend')), author text not null, author_seal text,
  at_ms bigint not null, reason text not null,
  state text not null check (state in ('proposed', 'published', 'withdrawn')),
  ordinal bigint generated always as identity);
create index list_change_newest on list_change (list, at_ms desc, ordinal desc);
create index list_change_by_hash on list_change (hash);

create table list_change_entry (
  change_id text collate "C" not null, is_removal boolean not null, ordinal bigint not null,
  is_number boolean not null, value text collate "C" not null, from_ms bigint, until_ms bigint,
  note text not null, primary key (change_id, is_removal, ordinal));

create table list_entry (
  id bigint generated always as identity, list text collate "C" not null, is_number boolean not null,
  value text collate "C" not null, from_ms bigint, until_ms bigint, note text not null,
  primary key (list, is_number, value, id));

create table snooze (
  id text collate "C" primary key, hash text collate "C" not null, policy text collate "C" not null,
  rule text not null, field text not null, value text not null, from_ms bigint not null,
  until_ms bigint not null, reason text not null, author text not null, author_seal text,
  at_ms bigint not null, state text not null
    check (state in ('proposed', 'published', 'ended', 'withdrawn')),
  ordinal bigint generated always as identity);
create index snooze_newest on snooze (policy, at_ms desc, ordinal desc);
create index snooze_by_hash on snooze (hash);
create index snooze_in_force on snooze (until_ms) where state = 'published';

create table backtest_run (
  id text collate "C" primary key, hash text collate "C" not null references policy_version,
  person text not null,
  status text not null check (status in ('queued', 'running', 'done', 'failed', 'cancelled')),
  wanted jsonb not null, done bigint not null, total bigint not null, report jsonb not null, problem text,
  at_ms bigint not null, ended_at_ms bigint, ordinal bigint generated always as identity);
create index backtest_run_newest on backtest_run (hash, at_ms desc, ordinal desc);

create table publication (
  position bigint primary key, hash text not null, kind text not null, person text not null,
  at_ms bigint not null, policies jsonb not null, detail jsonb not null);

create table audit (
  seq bigint primary key, subject text collate "C" not null, body text not null, hash text not null);
create index audit_of_subject on audit (subject, seq desc);

create table change_lock (only_row boolean primary key default true check (only_row));
insert into change_lock default values`;

/** AS001 is what the rules of ours say; the program tells it from what PostgreSQL says. */
const APPEND_ONLY = `
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'rows of % are neither changed nor taken away', tg_table_name using errcode = 'AS001';
end $$;

create function refuse_new_content() returns trigger language plpgsql as $$
begin
  if to_jsonb(new) - tg_argv[0] <> to_jsonb(old) - tg_argv[0] then
    raise exception 'only % of a row of % may be changed', tg_argv[0], tg_table_name using errcode = 'AS001';
  end if;
  return new;
end $$;

create function refuse_step_back() returns trigger language plpgsql as $$
begin
  if tg_argv[0] = 'state' then
    if not (new.state = old.state or (old.state, new.state) in (('proposed', 'published'),
        ('proposed', 'ended'), ('proposed', 'withdrawn'), ('published', 'ended'))) then
      raise exception '% % is %, and does not become % again', tg_table_name, old.id, old.state, new.state
        using errcode = 'AS001';
    end if;
  elsif old.withdrawn_at_ms <> coalesce(new.withdrawn_at_ms, -1) then
    raise exception 'version % was withdrawn, and stays so', old.hash using errcode = 'AS001';
  end if;
  return new;
end $$`;

const triggersOn = (table: string): string => `
create trigger ${table}_is_kept before update or delete on ${table}
  for each row execute function refuse_change();
create trigger ${table}_is_not_emptied before truncate on ${table}
  for each statement execute function refuse_change()`;

const contentTriggersOn = (table: string, changing: string): string => `
create trigger ${table}_content_is_kept before update on ${table}
  for each row execute function refuse_new_content('${changing}');
create trigger ${table}_goes_forward before update on ${table}
  for each row execute function refuse_step_back('${changing}');
create trigger ${table}_is_kept before delete on ${table}
  for each row execute function refuse_change();
create trigger ${table}_is_not_emptied before truncate on ${table}
  for each statement execute function refuse_change()`;

const FOUR_EYES = `
create function refuse_own_approval() returns trigger language plpgsql as $$
declare authors text[];
begin
  case new.subject
    when 'version' then select array_agg(author) into authors from policy_version where hash = new.hash;
    when 'list_change' then select array_agg(author) into authors from list_change where hash = new.hash;
    else select array_agg(author) into authors from snooze where hash = new.hash;
  end case;
  if authors is null then
    raise exception 'there is no % % to approve', new.subject, new.hash using errcode = 'AS001';
  end if;
  if new.person = any(authors) then
    raise exception '% is the author of % %', new.person, new.subject, new.hash using errcode = 'AS001';
  end if;
  return new;
end $$;
create trigger approval_is_of_another before insert on approval
  for each row execute function refuse_own_approval()`;

const AUDIT_CHAIN = `
create function follow_the_audit() returns trigger language plpgsql as $$
declare last record; linked text;
begin
  select seq, hash into last from audit order by seq desc limit 1;
  if new.seq <> coalesce(last.seq, 0) + 1 then
    raise exception 'audit entry % does not follow %', new.seq, coalesce(last.seq, 0) using errcode = 'AS001';
  end if;
  if (new.body::json ->> 'seq')::bigint <> new.seq or new.body::json ->> 'subject' <> new.subject then
    raise exception 'audit entry % is not what its text says', new.seq using errcode = 'AS001';
  end if;
  linked := coalesce(last.hash, '') || chr(10) || new.body;
  if new.hash <> encode(sha256(convert_to(linked, 'UTF8')), 'hex') then
    raise exception 'the hash of audit entry % does not follow', new.seq using errcode = 'AS001';
  end if;
  return new;
end $$;
create trigger audit_is_chained before insert on audit for each row execute function follow_the_audit()`;

/**
 * A table that a session makes for itself is found before ours by an unqualified name, unless the path says
 * otherwise: each function looks where the tables were made first.
 */
const OWN_PATH = `
do $$
declare name text;
begin
  foreach name in array array['refuse_change', 'refuse_new_content', 'refuse_step_back',
    'refuse_own_approval', 'follow_the_audit']
  loop
    execute format('alter function %I() set search_path = pg_catalog, %I, pg_temp', name, current_schema());
  end loop;
end $$`;

/** What the program may do where it comes as a role of its own, which owns nothing. */
const GRANTS = `
do $$
begin
  if exists (select from pg_roles where rolname = 'assay_service') then
    grant select on schema_step to assay_service;
    grant select, update on change_lock to assay_service;
    grant select, insert on policy_version, evidence, approval, list_change, list_change_entry, snooze,
      publication, audit, backtest_run, list_entry to assay_service;
    grant update (withdrawn_at_ms) on policy_version to assay_service;
    grant update (state) on list_change, snooze to assay_service;
    grant update on backtest_run to assay_service;
    grant delete on list_entry to assay_service;
    -- Nothing of ours needs tables of a session. Who does not own the database cannot say so.
    if exists (select from pg_database
        where datname = current_database() and pg_has_role(datdba, 'usage')) then
      execute format('revoke temporary on database %I from public, assay_service', current_database());
    end if;
  end if;
end $$`;

export const lifeOfAPolicy: SchemaStep = {
  number: 1,
  name: 'the life of a policy',
  oldestProgram: 1,
  sql: [
    TABLES, APPEND_ONLY,
    ...['evidence', 'approval', 'publication', 'audit'].map(triggersOn),
    contentTriggersOn('policy_version', 'withdrawn_at_ms'),
    contentTriggersOn('list_change', 'state'),
    contentTriggersOn('snooze', 'state'),
    triggersOn('list_change_entry'),
    FOUR_EYES, AUDIT_CHAIN, OWN_PATH, GRANTS,
  ],
};
