import type {
  InstanceMetadataOptionsRequest,
  InstanceMetadataOptionsResponse,
} from '@aws-sdk/client-ec2';
import type { Instance } from '../../api/vpc/instance.ts';
import { compact } from '../compact.ts';
import { invalidValue } from '../own.ts';

/** Options of the metadata service as stored; absent ones are the defaults. */
export type MetadataOptions = NonNullable<Instance['spec']['metadataOptions']>;

const MAX_HOPS = 64;

const CHOICES = {
  HttpEndpoint: ['enabled', 'disabled'],
  HttpTokens: ['optional', 'required'],
  HttpProtocolIpv6: ['enabled', 'disabled'],
  InstanceMetadataTags: ['enabled', 'disabled'],
} as const;

/** Refuses values that the metadata service does not know. */
export function checkMetadataOptions(options: InstanceMetadataOptionsRequest): void {
  for (const [name, allowed] of Object.entries(CHOICES)) {
    const value = options[name as keyof typeof CHOICES];
    if (value !== undefined && !(allowed as readonly string[]).includes(value))
      throw invalidValue(`Value (${value}) for parameter ${name} is invalid.`);
  }
  const hops = options.HttpPutResponseHopLimit;
  if (hops !== undefined && !(Number.isInteger(hops) && hops >= 1 && hops <= MAX_HOPS))
    throw invalidValue(
      `Value (${hops}) for parameter HttpPutResponseHopLimit is invalid. It must be between 1 and ${MAX_HOPS}.`,
    );
}

/** The options of an instance after a change; the parameters have been checked. */
export function withMetadataOptions(
  before: MetadataOptions | undefined,
  change: InstanceMetadataOptionsRequest,
): MetadataOptions {
  const changed = compact<MetadataOptions>({
    httpEndpoint: change.HttpEndpoint,
    httpTokens: change.HttpTokens,
    httpPutResponseHopLimit: change.HttpPutResponseHopLimit,
    httpProtocolIpv6: change.HttpProtocolIpv6,
    instanceMetadataTags: change.InstanceMetadataTags,
  });
  return { ...before, ...changed };
}

/** The options as EC2 shows them. */
export function metadataOptionsView({ spec }: Instance): InstanceMetadataOptionsResponse {
  const options = spec.metadataOptions ?? {};
  return {
    State: 'applied',
    HttpEndpoint: options.httpEndpoint ?? 'enabled',
    HttpTokens: options.httpTokens ?? 'optional',
    HttpPutResponseHopLimit: options.httpPutResponseHopLimit ?? 1,
    HttpProtocolIpv6: options.httpProtocolIpv6 ?? 'disabled',
    InstanceMetadataTags: options.instanceMetadataTags ?? 'disabled',
  };
}
