import { invalidValue } from './own.ts';

const MAX_LENGTH = 255;
/** The characters of names and descriptions of groups and rules (spec: ec2-surface 3.3). */
const ALLOWED = /^[a-zA-Z0-9 ._\-:/()#,@[\]+=&;{}!$*]*$/;

/** Refuses a name or description that has other characters than AWS allows, or is too long. */
export function checkText(what: string, text: string): void {
  if (text.length > MAX_LENGTH)
    throw invalidValue(
      `Value (${text}) for parameter ${what} is invalid. It must be less than or equal to ${MAX_LENGTH} characters.`,
    );
  if (!ALLOWED.test(text))
    throw invalidValue(
      `Value (${text}) for parameter ${what} is invalid. Character sets beyond ASCII are not supported.`,
    );
}
