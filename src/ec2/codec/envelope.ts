import { encoderOf, type UnknownReport } from './encode.ts';
import { escapeXml } from './escape.ts';
import type { ActionModel, Model } from './model.ts';

const PROLOGUE = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** What an envelope needs besides the result. */
export interface EnvelopeOptions {
  readonly requestId: string;
  readonly report: UnknownReport;
}

/** The body of a successful answer. An action without a modelled output answers `return` true. */
export function encodeResponse(
  model: Model,
  action: ActionModel,
  result: unknown,
  { requestId, report }: EnvelopeOptions,
): string {
  const body = action.output && result ? encoderOf(action.output)(result, report) : '';
  const open = `${PROLOGUE}<${action.name}Response xmlns="${model.namespace}">`;
  const close = `</${action.name}Response>`;
  if (model.protocol === 'ec2') {
    const members = action.output ? body : '<return>true</return>';
    return `${open}<requestId>${requestId}</requestId>${members}${close}`;
  }
  const inner = action.output ? `<${action.name}Result>${body}</${action.name}Result>` : '';
  return `${open}${inner}<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata>${close}`;
}

/** The body of an error answer. `RequestID` has a capital D under `ec2`, as AWS sends it. */
export function encodeError(
  model: Pick<Model, 'protocol' | 'namespace'>,
  error: { readonly code: string; readonly message: string; readonly status: number },
  requestId: string,
): string {
  const code = `<Code>${escapeXml(error.code)}</Code>`;
  const message = `<Message>${escapeXml(error.message)}</Message>`;
  if (model.protocol === 'ec2')
    return `${PROLOGUE}<Response><Errors><Error>${code}${message}</Error></Errors><RequestID>${requestId}</RequestID></Response>`;
  const type = `<Type>${error.status >= 500 ? 'Receiver' : 'Sender'}</Type>`;
  return `${PROLOGUE}<ErrorResponse xmlns="${model.namespace}"><Error>${type}${code}${message}</Error><RequestId>${requestId}</RequestId></ErrorResponse>`;
}
