import { InvalidOutputError } from './errors.ts';
import { decodePayload, encodePayload } from './payload.ts';
import { type Schema, validate } from './schema.ts';

/**
 * The JSON text of what a handler gave. As with inputs, what is checked is what the other side will see: the value as it comes
 * back from JSON; and what is stored is the value as given.
 * @throws WingmanError `WINGMAN_PAYLOAD_NOT_JSON`, `WINGMAN_PAYLOAD_TOO_LARGE`; InvalidOutputError
 */
export async function encodeResult(
  value: unknown,
  { output, type }: { readonly output: Schema; readonly type: string },
  maxBytes: number,
): Promise<string> {
  const text = encodePayload(value, type, maxBytes, 'result');
  await validate(output, decodePayload(text, type), type, InvalidOutputError);
  return text;
}

/**
 * What the schema makes of a stored result; the stored value itself where there is none.
 * @throws WingmanError `WINGMAN_PAYLOAD_DAMAGED`; InvalidOutputError where the two sides have different schemas
 */
export async function decodeResult(
  text: string,
  id: string,
  { output, type }: { readonly output: Schema | undefined; readonly type: string } = { output: undefined, type: '' },
): Promise<unknown> {
  const value = decodePayload(text, id);
  return output === undefined ? value : validate(output, value, type, InvalidOutputError);
}
