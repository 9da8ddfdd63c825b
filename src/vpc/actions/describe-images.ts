import type {
  DescribeImagesRequest,
  DescribeImagesResult,
  Image as ImageView,
} from '@aws-sdk/client-ec2';
import { isId } from '../../base/ids.ts';
import { Ec2Error } from '../../ec2/error.ts';
import type { Call, Handler } from '../context.ts';
import { paginate } from '../describe.ts';
import { filterTest, type FilterTable } from '../filters.ts';
import { imagesFor, type MachineImage } from '../images/catalogue.ts';

const FILTERS: FilterTable<MachineImage> = {
  tags: () => ({}),
  filters: {
    'image-id': ({ id }) => [id],
    name: ({ name }) => [name],
    description: ({ description }) => [description],
    architecture: ({ architecture }) => [architecture],
    'owner-alias': ({ ownerAlias }) => [ownerAlias],
    'owner-id': ({ owner }) => [owner],
    'creation-date': ({ createdAt }) => [createdAt],
    'is-public': ({ isPublic }) => [String(isPublic)],
    'manifest-location': (image) => [locationOf(image)],
    'root-device-name': ({ rootDevice }) => [rootDevice],
    'root-device-type': () => ['ebs'],
    'virtualization-type': () => ['hvm'],
    'image-type': () => ['machine'],
    'ena-support': () => ['true'],
    hypervisor: () => ['xen'],
    state: () => ['available'],
    platform: () => [],
  },
};

/** DescribeImages: a small catalogue, and what the account's instances run. */
export const describeImages: Handler<DescribeImagesRequest, DescribeImagesResult> = (
  input,
  call,
) => {
  const images = imagesFor(call);
  const named = input.ImageIds?.length ? namedImages(images, input.ImageIds) : images;
  const passes = filterTest(FILTERS, input.Filters);
  const found = named.filter(
    (image) =>
      isOwnedBy(call, image, input.Owners) &&
      isRunnableBy(image, input.ExecutableUsers) &&
      passes(image),
  );
  const page = paginate(found, input, { key: ({ id }) => id, range: [1, 1000] });
  return { Images: page.items.map(imageView), NextToken: page.nextToken };
};

function namedImages(
  images: readonly MachineImage[],
  ids: readonly string[],
): readonly MachineImage[] {
  const malformed = ids.find((id) => !isId(id, 'ami'));
  if (malformed !== undefined)
    throw new Ec2Error(
      'InvalidAMIID.Malformed',
      `Invalid id: "${malformed}" (expecting "ami-...")`,
    );
  const missing = ids.filter((id) => !images.some((image) => image.id === id));
  if (missing.length > 0)
    throw new Ec2Error(
      'InvalidAMIID.NotFound',
      missing.length === 1
        ? `The image id '[${missing[0]}]' does not exist`
        : `The image ids '[${missing.join(', ')}]' do not exist`,
    );
  return images.filter(({ id }) => ids.includes(id));
}

/** `self`, an alias of AWS, or an account. */
function isOwnedBy(
  { accountId }: Call,
  { owner, ownerAlias }: MachineImage,
  owners: readonly string[] | undefined,
): boolean {
  if (!owners?.length) return true;
  return owners.some(
    (each) => each === owner || each === ownerAlias || (each === 'self' && owner === accountId),
  );
}

/** `all` are the public ones; `self` and an account those that it was explicitly given. */
function isRunnableBy({ isPublic }: MachineImage, users: readonly string[] | undefined): boolean {
  return !users?.length || (isPublic && users.includes('all'));
}

function locationOf({ ownerAlias, owner, name }: MachineImage): string {
  return `${ownerAlias ?? owner}/${name}`;
}

function imageView(image: MachineImage): ImageView {
  return {
    ImageId: image.id,
    Name: image.name,
    Description: image.description,
    Architecture: image.architecture,
    OwnerId: image.owner,
    ImageOwnerAlias: image.ownerAlias,
    ImageLocation: locationOf(image),
    ImageType: 'machine',
    Public: image.isPublic,
    State: 'available',
    CreationDate: image.createdAt,
    RootDeviceName: image.rootDevice,
    RootDeviceType: 'ebs',
    VirtualizationType: 'hvm',
    Hypervisor: 'xen',
    EnaSupport: true,
    PlatformDetails: 'Linux/UNIX',
    UsageOperation: 'RunInstances',
    BlockDeviceMappings: [],
  };
}
