import ec2Text from '../generated/ec2.json' with { type: 'json' };
import eksText from '../generated/eks.json' with { type: 'json' };
import iamText from '../generated/iam.json' with { type: 'json' };
import stsText from '../generated/sts.json' with { type: 'json' };
import { openModel, type Model } from './model.ts';

/** The EC2 model: protocol `ec2`, 2016-11-15. */
export const EC2_MODEL: Model = openModel(ec2Text);

/** The STS model: protocol `query`, 2011-06-15. */
export const STS_MODEL: Model = openModel(stsText);

/** The IAM model: protocol `query`, 2010-05-08. */
export const IAM_MODEL: Model = openModel(iamText);

/** The EKS model: REST with JSON, 2017-11-01. */
export const EKS_MODEL: Model = openModel(eksText);
