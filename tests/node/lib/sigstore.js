// Checkpoints and inclusion proofs as @sigstore/verify takes them. Only its published interface is used.
import {createHash, createPublicKey, verify as verifyEd25519} from 'node:crypto';
import sigstore from '@sigstore/verify';

const ED25519_NOTE = 0x01;
// What DER puts before the 32 bytes of an Ed25519 key (RFC 8410).
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

// A verifier key `name+hash+base64(algorithm || key)` of c2sp.org/signed-note. The hash is computed here, not taken.
export function parseVerifierKey(text) {
  const [, name, , encoded] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(text);
  const typed = Buffer.from(encoded, 'base64');
  if (typed[0] !== ED25519_NOTE || typed.length !== 33) throw new Error(`${name}: no Ed25519 key of a log`);
  const id = createHash('sha256').update(`${name}\n`).update(typed).digest();
  return {name, id, spki: Buffer.concat([SPKI_PREFIX, typed.subarray(1)])};
}

// What the key signed with; empty when it did not sign.
function signatureOf(note, key) {
  for (const [, name, encoded] of note.matchAll(/^\u2014 (\S+) (\S+)$/gm)) {
    const bytes = Buffer.from(encoded, 'base64');
    if (name === key.name && bytes.subarray(0, 4).equals(key.id.subarray(0, 4))) return bytes.subarray(4);
  }
  return Buffer.alloc(0);
}

// The entity that Sigstore's verifier judges: a leaf with its proof and the checkpoint that it leads to.
function entityOf(note, leaf, key) {
  const text = note.slice(0, note.indexOf('\n\n') + 1);
  const [, size, root] = text.split('\n');
  const signature = signatureOf(note, key);
  const tlogEntry = {
    logIndex: String(leaf.position),
    logId: {keyId: key.id},
    kindVersion: undefined,
    integratedTime: '0',
    inclusionPromise: undefined,
    inclusionProof: {
      logIndex: String(leaf.position), treeSize: size, rootHash: Buffer.from(root, 'base64'), hashes: leaf.hashes,
      checkpoint: {envelope: note},
    },
    canonicalizedBody: leaf.leaf_entry,
  };
  return {
    timestamps: [{$case: 'transparency-log', tlogEntry}],
    // Compared with signed packages, which our leaves are not.
    tlogEntries: [],
    key: {$case: 'public-key', hint: key.name},
    // The verifier also wants the entity itself signed; ours bears no signature but the log's.
    signature: {
      signature,
      compareSignature: () => false,
      compareDigest: () => false,
      verifySignature: (publicKey) => verifyEd25519(null, Buffer.from(text), publicKey, signature),
    },
  };
}

// Throws a VerificationError unless the proof leads from the leaf to the root in the note, and the key signed the note.
// `leaf` is an answer of GetInclusionProof, `verifierKey` the text of the log's key.
export function verifyLeaf(note, leaf, verifierKey) {
  const key = parseVerifierKey(verifierKey);
  const publicKey = {rawBytes: key.spki, keyDetails: 7 /* PKIX_ED25519 */};
  const trust = sigstore.toTrustMaterial({
    tlogs: [{logId: {keyId: key.id}, publicKey}], ctlogs: [], certificateAuthorities: [], timestampAuthorities: [],
  }, () => ({publicKey: createPublicKey({key: key.spki, format: 'der', type: 'spki'}), validFor: () => true}));
  new sigstore.Verifier(trust, {tlogThreshold: 1, ctlogThreshold: 0, tsaThreshold: 0}).verify(entityOf(note, leaf, key));
}
