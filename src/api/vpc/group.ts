/** API group and version of the VPC objects (DESIGN: D3). */
export const VPC_GROUP = 'vpc.trunkline.dev';
/** Version of the VPC objects. */
export const VPC_VERSION = 'v1alpha1';
