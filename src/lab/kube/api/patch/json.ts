import { applyJsonPatch, JsonPatchError } from '../../../../api/patch.ts';
import { ApiError, badRequest } from '../status.ts';

/**
 * `applyJsonPatch` with the errors of the real API server: malformed patches are 400, steps that do
 * not fit the object 422.
 */
export function jsonPatch(target: unknown, steps: unknown): unknown {
  try {
    return applyJsonPatch(target, steps);
  } catch (error) {
    if (!(error instanceof JsonPatchError)) throw error;
    if (error.reason === 'malformed') throw badRequest(error.message);
    throw new ApiError(
      422,
      'Invalid',
      `the server rejected our request due to an error in our request: ${error.message}`,
    );
  }
}
