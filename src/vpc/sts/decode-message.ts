import type {
  DecodeAuthorizationMessageRequest,
  DecodeAuthorizationMessageResponse,
} from '@aws-sdk/client-sts';
import { Ec2Error } from '../../ec2/error.ts';
import type { Handler } from '../context.ts';

/** sts DecodeAuthorizationMessage: opens messages of the caller's account. */
export const decodeAuthorizationMessage: Handler<
  DecodeAuthorizationMessageRequest,
  DecodeAuthorizationMessageResponse
> = (input, call) => {
  const sealed = call.sealer.open('authorization', input.EncodedMessage ?? '') as
    | { readonly account: string; readonly message: string }
    | undefined;
  if (sealed?.account !== call.accountId)
    throw new Ec2Error(
      'InvalidAuthorizationMessageException',
      'Invalid authorization message: the message was not made here for this account',
    );
  return { DecodedMessage: sealed.message };
};
