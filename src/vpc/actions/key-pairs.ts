import type {
  CreateKeyPairRequest,
  DeleteKeyPairRequest,
  DeleteKeyPairResult,
  ImportKeyPairRequest,
  ImportKeyPairResult,
  KeyPair as KeyPairView,
} from '@aws-sdk/client-ec2';
import type { KeyPair } from '../../api/vpc/key-pair.ts';
import { newId } from '../../base/ids.ts';
import { Ec2Error } from '../../ec2/error.ts';
import { checkId } from '../../ec2/id-kinds.ts';
import { nowText, type Call, type Handler } from '../context.ts';
import { makeKey } from '../keys/new-key.ts';
import {
  importedFingerprint,
  readPublicKey,
  sshLine,
  type KeyType,
  type PublicKey,
} from '../keys/public-key.ts';
import { invalidValue, ownAll, required, sees } from '../own.ts';
import { keyPairKey } from '../store/network-store.ts';
import { specifiedTags, tagList, type Tags } from '../tags.ts';

const MAX_NAME_LENGTH = 255;

/** CreateKeyPair: the private key is in the answer and nowhere else. */
export const createKeyPair: Handler<CreateKeyPairRequest, KeyPairView> = async (input, call) => {
  const keyName = checkName(input.KeyName);
  const tags = specifiedTags(input.TagSpecifications, 'key-pair', call.quotas);
  const keyType = readType(input.KeyType);
  if (input.KeyFormat !== undefined && input.KeyFormat !== 'pem')
    throw new Ec2Error('UnsupportedOperation', `Key format ${input.KeyFormat} is not supported.`);
  checkNew(call, keyName);
  const made = await makeKey(keyType, call.random);
  const { metadata, spec } = await store(call, { keyName, tags, ...made });
  return {
    KeyPairId: metadata.name,
    KeyName: keyName,
    KeyFingerprint: spec.fingerprint,
    KeyMaterial: made.material,
    Tags: tagList(tags),
  };
};

/** ImportKeyPair. */
export const importKeyPair: Handler<ImportKeyPairRequest, ImportKeyPairResult> = async (
  input,
  call,
) => {
  const keyName = checkName(input.KeyName);
  const tags = specifiedTags(input.TagSpecifications, 'key-pair', call.quotas);
  const publicKey = readPublicKey(required(input.PublicKeyMaterial, 'publicKeyMaterial'));
  const fingerprint = importedFingerprint(publicKey);
  const { metadata } = await store(call, { keyName, tags, publicKey, fingerprint });
  return {
    KeyPairId: metadata.name,
    KeyName: keyName,
    KeyFingerprint: fingerprint,
    Tags: tagList(tags),
  };
};

interface Draft {
  readonly keyName: string;
  readonly tags: Tags;
  readonly publicKey: PublicKey;
  readonly fingerprint: string;
}

function store(call: Call, { keyName, tags, publicKey, fingerprint }: Draft): Promise<KeyPair> {
  const { accountId: account, region } = call;
  const { keyPairs, locks } = call.store;
  return locks.hold({ exclusive: [`key-pairs:${account}/${region}`] }, () => {
    checkNew(call, keyName);
    if (ownAll(call, keyPairs).length >= call.quotas.keyPairsPerRegion)
      throw new Ec2Error(
        'KeyPairLimitExceeded',
        'The maximum number of key pairs has been reached.',
      );
    return keyPairs.create({
      metadata: { name: newId(call.random, 'key') },
      spec: {
        account,
        region,
        keyName,
        keyType: publicKey.keyType,
        fingerprint,
        publicKey: sshLine(publicKey, keyName),
        createdAt: nowText(call),
        tags,
      },
    });
  });
}

function checkName(name: string | undefined): string {
  const keyName = required(name, 'keyName').trim();
  if (keyName !== '' && keyName.length <= MAX_NAME_LENGTH && /^[\x20-\x7e]*$/.test(keyName))
    return keyName;
  throw invalidValue(
    `Value (${keyName}) for parameter keyName is invalid. It must be of 1 to ${MAX_NAME_LENGTH} ASCII characters.`,
  );
}

function readType(keyType: string | undefined): KeyType {
  if (keyType === undefined || keyType === 'rsa') return 'rsa';
  if (keyType === 'ed25519') return 'ed25519';
  throw invalidValue(`Value (${keyType}) for parameter keyType is invalid.`);
}

/** The caller's key pair of this name. */
function byName(call: Call, keyName: string): KeyPair | undefined {
  const { accountId: account, region } = call;
  return call.store.keyPairs.table.by('name', keyPairKey({ account, region, keyName }))[0];
}

function checkNew(call: Call, keyName: string): void {
  if (byName(call, keyName) !== undefined)
    throw new Ec2Error('InvalidKeyPair.Duplicate', `The keypair '${keyName}' already exists.`);
}

/** DeleteKeyPair, by name or id; one that does not exist is as good as deleted, as on AWS. */
export const deleteKeyPair: Handler<DeleteKeyPairRequest, DeleteKeyPairResult> = async (
  input,
  call,
) => {
  const { keyPairs } = call.store;
  const { KeyName: keyName, KeyPairId: id } = input;
  if (id !== undefined) checkId(keyPairs.idKind, id);
  const found =
    id === undefined ? byName(call, required(keyName, 'keyName or keyPairId')) : keyPairs.get(id);
  if (found === undefined || !sees(call, found)) return { Return: true };
  await keyPairs.remove(found.metadata.name);
  return { Return: true, KeyPairId: found.metadata.name };
};
