import type { StandardSchemaV1 } from '@standard-schema/spec';
import { type InputIssue, InvalidInputError, type InvalidOutputError } from './errors.ts';

/** Any Standard Schema (zod, valibot, arktype and others): https://standardschema.dev */
export type Schema<Input = unknown, Output = Input> = StandardSchemaV1<Input, Output>;

/** Whether a value follows Standard Schema v1. Schemas may be functions (ArkType's are). */
export function isSchema(value: unknown): value is Schema {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return false;
  const standard: unknown = Reflect.get(value, '~standard');
  return typeof standard === 'object' && standard !== null && typeof Reflect.get(standard, 'validate') === 'function';
}

/**
 * Validates `value` and returns the schema's output.
 * @throws InvalidInputError with each path and reason, or InvalidOutputError for a result
 */
export async function validate<Output>(
  schema: Schema<unknown, Output>,
  value: unknown,
  type: string,
  Invalid: typeof InvalidInputError | typeof InvalidOutputError = InvalidInputError,
): Promise<Output> {
  // Standard Schema lets any validator be asynchronous, so the result is always awaited.
  const result = await schema['~standard'].validate(value);
  if (result.issues === undefined) return result.value;
  throw new Invalid(type, result.issues.map(toIssue));
}

function toIssue(issue: StandardSchemaV1.Issue): InputIssue {
  let path = '';
  for (const segment of issue.path ?? []) {
    // A segment is a key, or an object that holds one (Valibot's are).
    const key = typeof segment === 'object' ? segment.key : segment;
    if (typeof key === 'number') path += `[${key}]`;
    else path += path === '' ? String(key) : `.${String(key)}`;
  }
  return { path, message: issue.message };
}
