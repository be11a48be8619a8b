// Checkpoints and inclusion proofs, fetched over gRPC and verified by @sigstore/verify; and that it refuses others.
import assert from 'node:assert/strict';
import {createHash, generateKeyPairSync, randomUUID, sign} from 'node:crypto';
import {after, before, test} from 'node:test';
import {staff, startCentre} from './lib/centre.js';
import {parseVerifierKey, verifyLeaf} from './lib/sigstore.js';

const CONTACTS = 300; // more than a tile's width
const AT_A_TIME = 150;
const COVERED_WITHIN_MS = 30_000; // the server signs every second

let server;
let client;
let begun; // how many events there were before the contacts
let checkpoint; // of the whole ledger
let older; // of a part of it
let key;

const ask = (method, request = {}) => client.query('HistoryService', method, request, staff.supervisor);
const eventCount = async () => (await ask('GetLedgerHead')).event_count;
const proofOf = (position) => ask('GetInclusionProof', {position, tree_size: checkpoint.tree_size});

// What the verifier says when the leaf does not lead to the root, and when the root was not signed.
const NO_INCLUSION = /calculated root hash does not match|invalid hash count|invalid index/;
const NO_SIGNATURE = /invalid checkpoint signature/;
const refused = (message, note, leaf, by = key) =>
  assert.throws(() => verifyLeaf(note, leaf, by), {code: 'TLOG_INCLUSION_PROOF_ERROR', message});

async function recordContacts(count) {
  const answers = await client.batch(Array.from({length: count}, () => ({
    header: {ledger: server.ledger, request_id: randomUUID(), purpose: 'services'}, record_id: randomUUID(),
    fact: {contact_received: {channel: 'phone', line: '18001769'}},
  })), staff.operator);
  assert.deepEqual(answers.map(({answer}) => answer), Array(count).fill('result'));
}

// The checkpoint that covers everything recorded so far.
async function covering() {
  const count = await eventCount();
  const end = Date.now() + COVERED_WITHIN_MS;
  while (Date.now() < end) {
    const newest = await ask('GetCheckpoint').catch((refusal) => {
      assert.equal(refusal.info.reason, 'NOT_SIGNED');
      return {tree_size: 0};
    });
    if (newest.tree_size >= count) return newest;
  }
  return assert.fail(`no checkpoint covers ${count} events`);
}

// The note's text with a signature of `secret` in place of the log's, under the log's name and the given key hash.
function signedBy(secret, hash, note) {
  const text = note.slice(0, note.indexOf('\n\n') + 1);
  const line = Buffer.concat([hash, sign(null, Buffer.from(text), secret)]).toString('base64');
  return `${text}\n\u2014 ${parseVerifierKey(key).name} ${line}\n`;
}

function flipped(bytes, at) {
  const copy = Buffer.from(bytes);
  copy[at] ^= 1;
  return copy;
}

before(async () => {
  ({server, client} = await startCentre('node-proofs'));
  begun = await eventCount();
  await recordContacts(AT_A_TIME);
  older = await covering();
  for (let sent = AT_A_TIME; sent < CONTACTS; sent += AT_A_TIME) await recordContacts(AT_A_TIME);
  checkpoint = await covering();
  [key] = checkpoint.verifier_keys;
}, {timeout: 90_000});

after(async () => {
  client?.close();
  await server?.stop();
});

test('signature and inclusion of events verify', async () => {
  assert.ok(begun > 0 && checkpoint.tree_size >= begun + CONTACTS && older.tree_size < checkpoint.tree_size);
  const last = checkpoint.tree_size - 1;
  for (const position of [0, 1, 2, 127, 128, 254, 255, 256, 257, last - 1, last]) {
    verifyLeaf(checkpoint.note, await proofOf(position), key);
  }
  verifyLeaf(older.note, await ask('GetInclusionProof', {position: 7, tree_size: older.tree_size}), key);
});

test('a flipped bit in any hash of the proof is refused', async () => {
  const leaf = await proofOf(200);
  assert.ok(leaf.hashes.length >= 8);
  leaf.hashes.forEach((hash, at) => {
    const hashes = leaf.hashes.map((other, i) => (i === at ? flipped(hash, at) : other));
    refused(NO_INCLUSION, checkpoint.note, {...leaf, hashes});
  });
  refused(NO_INCLUSION, checkpoint.note, {...leaf, hashes: leaf.hashes.slice(1)});
});

test('a flipped bit in any byte of the leaf, another leaf and another position are refused', async () => {
  const leaf = await proofOf(200);
  const entry = leaf.leaf_entry;
  for (let at = 0; at < entry.length; ++at) refused(NO_INCLUSION, checkpoint.note, {...leaf, leaf_entry: flipped(entry, at)});
  refused(NO_INCLUSION, checkpoint.note, {...leaf, leaf_entry: (await proofOf(201)).leaf_entry});
  refused(NO_INCLUSION, checkpoint.note, {...leaf, position: 201});
  refused(NO_INCLUSION, checkpoint.note, {...leaf, position: checkpoint.tree_size});
});

test('a proof does not lead to another checkpoint', async () => {
  refused(NO_INCLUSION, older.note, await proofOf(7));
});

test('a changed checkpoint is refused', async () => {
  const leaf = await proofOf(7);
  const [origin, size, root] = checkpoint.note.split('\n');
  const changed = (message, from, to) => refused(message, checkpoint.note.replace(from, to), leaf);
  changed(NO_SIGNATURE, `${origin}\n`, `${origin}x\n`);
  // A tree of one leaf more has a proof of the same form here.
  changed(NO_SIGNATURE, `\n${size}\n`, `\n${Number(size) + 1}\n`);
  changed(NO_INCLUSION, root, flipped(Buffer.from(root, 'base64'), 0).toString('base64'));
});

test('a checkpoint signed by another key is refused', async () => {
  const leaf = await proofOf(7);
  const other = generateKeyPairSync('ed25519');
  const raw = other.publicKey.export({format: 'der', type: 'spki'}).subarray(-32);
  const typed = Buffer.concat([Buffer.from([1]), raw]);
  const {name, id} = parseVerifierKey(key);
  const hash = createHash('sha256').update(`${name}\n`).update(typed).digest().subarray(0, 4);
  const otherKey = `${name}+${hash.toString('hex')}+${typed.toString('base64')}`;
  // Under a hash of its own, and pretending to be the log's key.
  refused(NO_SIGNATURE, signedBy(other.privateKey, hash, checkpoint.note), leaf);
  refused(NO_SIGNATURE, signedBy(other.privateKey, id.subarray(0, 4), checkpoint.note), leaf);
  refused(NO_SIGNATURE, checkpoint.note, leaf, otherKey);
  // So that these refusals are of the key and of nothing else.
  verifyLeaf(signedBy(other.privateKey, hash, checkpoint.note), leaf, otherKey);
});
