import { createRestRouter, decodeRest, encodeRest } from '../../ec2/codec/rest-json.ts';
import { EKS_MODEL } from '../../ec2/codec/services.ts';
import { Ec2Error } from '../../ec2/error.ts';
import type { WireRequest } from '../auth/sigv4.ts';
import type { Dispatch, DispatchServices, WireResponse } from '../dispatch.ts';
import { eksUses } from '../iam/eks-requests.ts';
import { authorize } from '../iam/authorize.ts';
import { errorAnswer } from '../error-answer.ts';
import { EKS_ACTIONS } from './actions.ts';
import { eksCode, eksStatus } from './errors.ts';

type Router = ReturnType<typeof createRestRouter>;

/** Answers the REST requests of EKS. The order of checks is that of the other services. */
export function createEksDispatch(services: DispatchServices): Dispatch {
  // Parsing all paths costs a millisecond or two: only once somebody speaks EKS.
  let router: Router | undefined;
  return async (request, requestId) => {
    router ??= createRestRouter(EKS_MODEL);
    try {
      const body = await act(services, request, router);
      return json(200, { body, requestId });
    } catch (error) {
      const { code, message } = errorAnswer(error, services, requestId);
      const name = eksCode(code);
      const answer = json(eksStatus(name), { body: JSON.stringify({ message }), requestId });
      return { ...answer, headers: { 'x-amzn-errortype': name } };
    }
  };
}

function json(
  status: number,
  { body, requestId }: { readonly body: string; readonly requestId: string },
): WireResponse {
  return { status, body, requestId, contentType: 'application/json' };
}

async function act(
  services: DispatchServices,
  request: WireRequest,
  router: Router,
): Promise<string> {
  const route = router(request.method, request.path);
  if (route === undefined)
    throw new Ec2Error('NotFoundException', `There is no ${request.method} ${request.path}`);
  const { action } = route;
  const caller = services.authenticate(request, 'eks');
  await services.knobs?.admit({ service: 'eks', action: action.name, caller });
  const handler = Object.hasOwn(EKS_ACTIONS, action.name) ? EKS_ACTIONS[action.name] : undefined;
  if (handler === undefined)
    throw new Ec2Error('InvalidRequestException', `The action ${action.name} is not supported.`);
  const query = new URLSearchParams(request.query);
  const { input, problems } = decodeRest(route, { query, body: parseBody(request.body) });
  const [problem] = problems;
  if (problem !== undefined) throw new Ec2Error('InvalidParameterException', problem);
  const { accountId } = caller.account;
  const call = { ...services, caller, accountId, region: caller.region };
  authorize(call, () => eksUses(call, action.name, input));
  const result = await handler(input as never, call);
  return encodeRest(action.output, result, (path) =>
    services.log.error('Handler returned an unknown member', { path }),
  );
}

function parseBody(body: Uint8Array): unknown {
  if (body.length === 0) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    throw new Ec2Error('InvalidRequestException', 'The body is not JSON');
  }
}
