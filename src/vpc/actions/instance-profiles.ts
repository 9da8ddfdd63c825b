import type {
  AssociateIamInstanceProfileRequest,
  AssociateIamInstanceProfileResult,
  DescribeIamInstanceProfileAssociationsRequest,
  DescribeIamInstanceProfileAssociationsResult,
  DisassociateIamInstanceProfileRequest,
  DisassociateIamInstanceProfileResult,
  IamInstanceProfileAssociation,
  IamInstanceProfileAssociationState,
  ReplaceIamInstanceProfileAssociationRequest,
  ReplaceIamInstanceProfileAssociationResult,
} from '@aws-sdk/client-ec2';
import type { Instance } from '../../api/vpc/instance.ts';
import { newId } from '../../base/ids.ts';
import { Ec2Error } from '../../ec2/error.ts';
import { ID_KINDS, notFound } from '../../ec2/id-kinds.ts';
import type { Call, Handler } from '../context.ts';
import { paginate } from '../describe.ts';
import { filterTest, type FilterTable } from '../filters.ts';
import { profileArn, profileOf } from '../instances/profile.ts';
import { own, ownAll, required } from '../own.ts';

type State = IamInstanceProfileAssociationState;

function associationView(
  call: Call,
  { metadata, spec }: Instance,
  State: State,
): IamInstanceProfileAssociation {
  return {
    AssociationId: spec.iamInstanceProfileAssociationId,
    InstanceId: metadata.name,
    IamInstanceProfile: profileOf(call, spec.iamInstanceProfileArn),
    State,
  };
}

/** The caller's instances that have profiles. */
function associated(call: Call): readonly Instance[] {
  return ownAll(call, call.store.instances).filter(
    ({ spec }) => spec.iamInstanceProfileAssociationId !== undefined && spec.state !== 'terminated',
  );
}

function instanceOf(call: Call, associationId: string): Instance {
  const found = associated(call).find(
    ({ spec }) => spec.iamInstanceProfileAssociationId === associationId,
  );
  if (found !== undefined) return found;
  throw notFound(ID_KINDS.instanceProfileAssociation, associationId);
}

/** Gives an instance another profile, or none. */
function change(
  call: Call,
  id: string,
  options: {
    readonly check?: (instance: Instance) => void;
    readonly arn: string | undefined;
  },
): Promise<Instance> {
  const { store } = call;
  const { check = () => {}, arn } = options;
  return store.locks.hold({ exclusive: [id] }, () => {
    check(own(call, store.instances, id));
    return store.instances.update(id, ({ spec, ...instance }) => {
      const {
        iamInstanceProfileArn: _arn,
        iamInstanceProfileAssociationId: _association,
        ...rest
      } = spec;
      if (arn === undefined) return { ...instance, spec: rest };
      const iamInstanceProfileAssociationId = newId(call.random, 'iip-assoc');
      return {
        ...instance,
        spec: { ...rest, iamInstanceProfileArn: arn, iamInstanceProfileAssociationId },
      };
    });
  });
}

/** AssociateIamInstanceProfile, for an instance that has none. */
export const associateIamInstanceProfile: Handler<
  AssociateIamInstanceProfileRequest,
  AssociateIamInstanceProfileResult
> = async (input, call) => {
  const id = required(input.InstanceId, 'instanceId');
  own(call, call.store.instances, id);
  const arn = required(profileArn(call, input.IamInstanceProfile), 'iamInstanceProfile');
  const instance = await change(call, id, { check: checkWithout, arn });
  return { IamInstanceProfileAssociation: associationView(call, instance, 'associating') };
};

function checkWithout({ metadata, spec }: Instance): void {
  if (spec.iamInstanceProfileArn !== undefined)
    throw new Ec2Error(
      'IncorrectState',
      `There is an existing association for instance ${metadata.name}`,
    );
  if (spec.state === 'terminated')
    throw new Ec2Error(
      'IncorrectInstanceState',
      `The instance '${metadata.name}' is terminated and cannot be changed.`,
    );
}

/** DisassociateIamInstanceProfile. */
export const disassociateIamInstanceProfile: Handler<
  DisassociateIamInstanceProfileRequest,
  DisassociateIamInstanceProfileResult
> = async (input, call) => {
  const associationId = required(input.AssociationId, 'associationId');
  const before = instanceOf(call, associationId);
  const IamInstanceProfileAssociation = associationView(call, before, 'disassociating');
  await change(call, before.metadata.name, {
    check: () => void instanceOf(call, associationId),
    arn: undefined,
  });
  return { IamInstanceProfileAssociation };
};

/** ReplaceIamInstanceProfileAssociation: the association gets another id. */
export const replaceIamInstanceProfileAssociation: Handler<
  ReplaceIamInstanceProfileAssociationRequest,
  ReplaceIamInstanceProfileAssociationResult
> = async (input, call) => {
  const associationId = required(input.AssociationId, 'associationId');
  const before = instanceOf(call, associationId);
  const arn = required(profileArn(call, input.IamInstanceProfile), 'iamInstanceProfile');
  const instance = await change(call, before.metadata.name, {
    check: () => void instanceOf(call, associationId),
    arn,
  });
  return { IamInstanceProfileAssociation: associationView(call, instance, 'associating') };
};

const FILTERS: FilterTable<Instance> = {
  filters: {
    'instance-id': ({ metadata }) => [metadata.name],
    state: () => ['associated'],
  },
};

/** DescribeIamInstanceProfileAssociations. */
export const describeIamInstanceProfileAssociations: Handler<
  DescribeIamInstanceProfileAssociationsRequest,
  DescribeIamInstanceProfileAssociationsResult
> = (input, call) => {
  const test = filterTest(FILTERS, input.Filters);
  const wanted = input.AssociationIds?.length
    ? input.AssociationIds.map((id) => instanceOf(call, id))
    : associated(call);
  const page = paginate(wanted.filter(test), input, {
    key: ({ metadata }) => metadata.name,
    range: [5, 1000],
  });
  return {
    IamInstanceProfileAssociations: page.items.map((each) =>
      associationView(call, each, 'associated'),
    ),
    NextToken: page.nextToken,
  };
};
