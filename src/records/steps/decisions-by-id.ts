import type { SchemaStep } from '../schema-step.ts';

/**
 * Records of decisions, copied from the topic, in tables of their own: none of what people decided refers to
 * them, and a backup may leave them out. A month is a table, so that retention drops it and leaves nothing to
 * clean up. A key in its parts, because a text cannot hold what separates them.
 */
const TABLES = `
create table decision_record (
  id uuid not null, topic_partition integer not null, topic_offset bigint not null,
  written_at_ms bigint not null, key text[] not null, value bytea not null, headers bytea not null,
  primary key (id, written_at_ms)) partition by range (written_at_ms);
create index decision_record_place on decision_record (topic_partition, topic_offset);

create table decision_offset (topic_partition integer primary key, next_offset bigint not null);

create table decision_difference (
  ordinal bigint generated always as identity primary key, id uuid not null,
  first_partition integer not null, first_offset bigint not null,
  copy_partition integer not null, copy_offset bigint not null, parts text[] not null);

create table decision_projection (
  only_row boolean primary key default true check (only_row), kept_from_ms bigint not null default 0,
  differing bigint not null default 0);
insert into decision_projection default values`;

/** For whoever asks in SQL. */
const VIEW = `
create view decision as
select id as record_id, 'dec_f_' || replace(id::text, '-', '') as id, key[1] as tenant,
  key[3] as transaction_id, written_at_ms, convert_from(value, 'UTF8')::json as answer
from decision_record where key[2] = 'tx';

create function decision_record_id(tenant text, transaction_id text) returns uuid
  language sql immutable parallel safe as $$
  select left(encode(sha256(convert_to(tenant, 'UTF8') || '\\x00'::bytea || convert_to('tx', 'UTF8')
    || '\\x00'::bytea || convert_to(transaction_id, 'UTF8')), 'hex'), 32)::uuid
$$`;

/** Who projects owns no table and makes none; these two do it for him, and nothing else. */
const MONTHS = `
create function decision_month_start(at_ms bigint) returns bigint language sql immutable as $$
  select (extract(epoch from date_trunc('month', to_timestamp(at_ms / 1000.0) at time zone 'UTC'))
    * 1000)::bigint
$$;

create function make_decision_month(at_ms bigint) returns void language plpgsql security definer as $$
declare
  first timestamp := date_trunc('month', to_timestamp(at_ms / 1000.0) at time zone 'UTC');
  name text := 'decision_record_' || to_char(first, 'YYYY_MM');
begin
  if to_regclass(name) is not null then return; end if;
  execute format('create table %I (like decision_record including all)', name);
  execute format('alter table decision_record attach partition %I for values from (%s) to (%s)', name,
    (extract(epoch from first) * 1000)::bigint,
    (extract(epoch from first + interval '1 month') * 1000)::bigint);
end $$;

create function drop_decision_months(before_ms bigint) returns bigint language plpgsql security definer as $$
declare
  month text;
  kept_from bigint;
begin
  select greatest(kept_from_ms, decision_month_start(before_ms)) into kept_from
    from decision_projection for update;
  for month in
    select relname from pg_inherits join pg_class on pg_class.oid = inhrelid
    where inhparent = 'decision_record'::regclass and relname < 'decision_record_'
      || to_char(to_timestamp(kept_from / 1000.0) at time zone 'UTC', 'YYYY_MM')
  loop
    execute format('drop table %I', month);
  end loop;
  update decision_projection set kept_from_ms = kept_from;
  return kept_from;
end $$`;

const OWN_PATH = `
do $$
declare name text;
begin
  foreach name in array array['decision_month_start', 'make_decision_month', 'drop_decision_months'] loop
    execute format('alter function %I(bigint) set search_path = %I, pg_temp', name, current_schema());
    execute format('revoke all on function %I(bigint) from public', name);
  end loop;
end $$`;

const GRANTS = `
do $$
begin
  if exists (select from pg_roles where rolname = 'assay_service') then
    grant select, insert on decision_record, decision_difference to assay_service;
    grant select, insert, update on decision_offset to assay_service;
    grant select, update on decision_projection to assay_service;
    grant select on decision to assay_service;
    grant execute on function make_decision_month(bigint), drop_decision_months(bigint) to assay_service;
  end if;
end $$`;

export const decisionsById: SchemaStep = {
  number: 2,
  name: 'decisions by id',
  oldestProgram: 1,
  sql: [TABLES, VIEW, MONTHS, OWN_PATH, GRANTS],
};
