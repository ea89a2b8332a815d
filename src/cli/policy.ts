/** `assay policy check|test|explain|cost|schema`. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { eventSchema } from '#domain/field.ts';
import { compilePolicy } from '#policy/compile-policy.ts';
import type { CompiledPolicy } from '#policy/compiled-policy.ts';
import { renderDiagnostics } from '#policy/render-diagnostic.ts';
import { UsageError, type ExitCode, type Shell } from './shell.ts';

export const POLICY_USAGE = `assay policy check FILE...    reads, types and limits; every mistake with its place and a fix
assay policy test FILE...     runs the tests that stand in the policy
assay policy explain FILE     the policy in English
assay policy cost FILE        what it costs, the dearest five first
assay policy schema           JSON Schema of the document, for editors
A folder stands for the *.policy.yaml in it.`;
