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
 * Validates `value` and returns the schema's output; a promise of it only where the schema validates asynchronously, as Standard
 * Schema lets any do.
 * @throws InvalidInputError with each path and reason, or InvalidOutputError for a result
 */
export function validate<Output>(
  schema: Schema<unknown, Output>,
  value: unknown,
  type: string,
  Invalid: typeof InvalidInputError | typeof InvalidOutputError = InvalidInputError,
): Output | Promise<Output> {
  const outputOf = (result: StandardSchemaV1.Result<Output>): Output => {
    if (result.issues === undefined) return result.value;
    throw new Invalid(type, result.issues.map(toIssue));
  };
  const result = schema['~standard'].validate(value);
  return 'then' in result ? Promise.resolve(result).then(outputOf) : outputOf(result);
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
