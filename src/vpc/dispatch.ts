import { decodeRequest } from '../ec2/codec/decode.ts';
import { encodeError, encodeResponse } from '../ec2/codec/envelope.ts';
import type { ActionModel, Model } from '../ec2/codec/model.ts';
import { paramValue, parseParams, type ParamNode } from '../ec2/codec/params.ts';
import { EC2_MODEL, IAM_MODEL, STS_MODEL } from '../ec2/codec/services.ts';
import { Ec2Error } from '../ec2/error.ts';
import { EC2_ACTIONS } from './actions/table.ts';
import { anonymousCaller, type Authenticate, type Caller } from './auth/authenticate.ts';
import { signedService, type WireRequest } from './auth/sigv4.ts';
import type { Call, Handler, Services } from './context.ts';
import { createEksDispatch } from './eks/dispatch.ts';
import { createTokenReviewDispatch, TOKEN_REVIEW_PATH } from './eks/token-review.ts';
import { errorAnswer } from './error-answer.ts';
import { IAM_ACTIONS } from './iam/actions/table.ts';
import { authorize, usesOf } from './iam/authorize.ts';
import type { Knobs } from './knobs/knobs.ts';
import { STS_ACTIONS, UNSIGNED_STS_ACTIONS } from './sts/table.ts';

/** An answer before it is written to a socket. */
export interface WireResponse {
  readonly status: number;
  readonly body: string;
  readonly requestId: string;
  /** Default: XML. */
  readonly contentType?: string;
  /** Lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers one request; never throws. */
export type Dispatch = (request: WireRequest, requestId: string) => Promise<WireResponse>;

/** A service that speaks `ec2` or `query`. */
export interface Service {
  /** As in the scope of signatures. */
  readonly name: string;
  readonly model: Model;
  readonly actions: Readonly<Record<string, Handler>>;
  /** Actions whose requests need no signature. */
  readonly unsigned?: ReadonlySet<string>;
}

const EC2: Service = { name: 'ec2', model: EC2_MODEL, actions: EC2_ACTIONS };
const STS: Service = {
  name: 'sts',
  model: STS_MODEL,
  actions: STS_ACTIONS,
  unsigned: UNSIGNED_STS_ACTIONS,
};
const IAM: Service = { name: 'iam', model: IAM_MODEL, actions: IAM_ACTIONS };
/** The services that speak `ec2` or `query`; the first one answers what fits none. */
export const SERVICES: readonly Service[] = [EC2, STS, IAM];

/** What dispatch needs besides what handlers need. */
export interface DispatchServices extends Services {
  readonly authenticate: Authenticate;
  /** Latency, errors and throttling on request; absent: none. */
  readonly knobs?: Knobs | undefined;
}

/**
 * Checks in the order of ec2-surface 1.4: envelope, signature, parameters, permission, dry run, and
 * then the handler with its checks of existence, state and quota.
 */
export function createDispatch(services: DispatchServices): Dispatch {
  const query = createQueryDispatch(services);
  const eks = createEksDispatch(services);
  const tokens = createTokenReviewDispatch(services);
  return (request, requestId) => {
    if (request.path === TOKEN_REVIEW_PATH) return tokens(request, requestId);
    return (isRest(request) ? eks : query)(request, requestId);
  };
}

/** REST requests name their action in the path; all others go to `/`. */
function isRest(request: WireRequest): boolean {
  return signedService(request) === 'eks' || request.path.length > 1;
}

function createQueryDispatch(services: DispatchServices): Dispatch {
  return async (request, requestId) => {
    let service = EC2;
    try {
      const params = readParams(request);
      service = serviceOf(request, params);
      const action = findAction(service.model, params);
      const caller = callerOf(services, request, service, action.name);
      await services.knobs?.admit({ service: service.name, action: action.name, caller });
      const body = await act(services, { service, action, caller, params, requestId });
      return { status: 200, body, requestId };
    } catch (error) {
      const answer = errorAnswer(error, services, requestId);
      const body = encodeError(service.model, answer, requestId);
      return { status: answer.status, body, requestId };
    }
  };
}

function callerOf(
  services: DispatchServices,
  request: WireRequest,
  { name: service, unsigned }: Service,
  action: string,
): Caller {
  if (unsigned?.has(action) !== true || signedService(request) !== undefined)
    return services.authenticate(request, service);
  return anonymousCaller({ region: services.homeRegion, service });
}

const DECODER = new TextDecoder('utf-8', { fatal: true });

function readParams(request: WireRequest): ParamNode {
  const params = parseParams(request.body.length > 0 ? textOf(request.body) : request.query);
  if (!params.ok) throw new Ec2Error('MalformedQueryString', params.error);
  return params.value;
}

/** Bytes that are no UTF-8 are refused: stored as something else they would not be what was sent. */
function textOf(body: Uint8Array): string {
  try {
    return DECODER.decode(body);
  } catch {
    throw new Ec2Error('MalformedQueryString', 'The query string is malformed');
  }
}

/**
 * Services share a port. A signature names its service; without one (AssumeRoleWithWebIdentity) the
 * version tells. Versions that nobody has are old ones of EC2.
 */
function serviceOf(request: WireRequest, params: ParamNode): Service {
  const scope = signedService(request);
  const version = paramValue(params, 'Version');
  return (
    SERVICES.find(({ name }) => name === scope) ??
    SERVICES.find(({ model }) => model.version === version) ??
    EC2
  );
}

interface Act {
  readonly service: Service;
  readonly action: ActionModel;
  readonly caller: Caller;
  readonly params: ParamNode;
  readonly requestId: string;
}

async function act(services: Services, request: Act): Promise<string> {
  const { service, action, caller, params, requestId } = request;
  const handler = Object.hasOwn(service.actions, action.name)
    ? service.actions[action.name]
    : undefined;
  if (handler === undefined)
    throw new Ec2Error('UnsupportedOperation', `The action ${action.name} is not supported.`);
  const input = decodeInput(services, service.model, action, params);
  const { accountId } = caller.account;
  const call: Call = { ...services, caller, accountId, region: caller.region };
  authorize(call, () => usesOf(call, action.name, input));
  refuseDryRun(input);
  const result = await handler(input as never, call);
  return encodeResponse(service.model, action, result, {
    requestId,
    report: (path) => services.log.error('Handler returned an unknown member', { path }),
  });
}

function findAction(model: Model, params: ParamNode): ActionModel {
  const name = paramValue(params, 'Action');
  if (name === undefined || name === '')
    throw new Ec2Error('MissingAction', 'The request must contain the parameter Action');
  const action = model.action(name);
  if (action !== undefined) return action;
  const version = paramValue(params, 'Version') ?? model.version;
  throw new Ec2Error(
    'InvalidAction',
    `The action ${name} is not valid for this web service version ${version}.`,
  );
}

function decodeInput(
  { log }: Services,
  { protocol }: Model,
  action: ActionModel,
  params: ParamNode,
): Readonly<Record<string, unknown>> {
  const { input, unknown, problems } = decodeRequest(action.input, params);
  if (unknown.length > 0) log.warn('Unknown parameters', { action: action.name, unknown });
  const [problem] = problems;
  if (problem === undefined) return input;
  if (problem.code === 'MissingParameter' && TAKE_INSTANCES.has(action.name))
    throw new Ec2Error('InvalidParameterCombination', 'No instances specified');
  const code = protocol === 'ec2' ? problem.code : 'ValidationError';
  throw new Ec2Error(code, problem.message);
}

/** Actions that call a list without instances a bad combination, not a missing parameter. */
const TAKE_INSTANCES: ReadonlySet<string> = new Set([
  'RebootInstances',
  'StartInstances',
  'StopInstances',
  'TerminateInstances',
]);

function refuseDryRun(input: Readonly<Record<string, unknown>>): void {
  if (input['DryRun'] !== true) return;
  throw new Ec2Error('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.');
}
