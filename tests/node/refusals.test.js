// What must be refused, each with its code, its reason for machines and, where a rule refused it, a sentence for people.
import assert from 'node:assert/strict';
import {randomUUID} from 'node:crypto';
import {after, before, test} from 'node:test';
import {
  HOSPITAL, LEGAL_AID, OWNER, admit, closeCase, endRole, grantRole, occurred, openCase, registerPerson, registerShelter,
  staff, startCentre, texts, wholeLedger,
} from './lib/centre.js';
import {Refusal, timestamp} from './lib/client.js';
import {identities} from './lib/identities.js';

let server;
let client;
let personId;
let caseId;

// The refusal that the call ends in.
async function refusalOf(code, promise) {
  const refusal = await promise.then(() => assert.fail(`was accepted, should be refused with ${code}`), (error) => error);
  assert.ok(refusal instanceof Refusal, String(refusal));
  assert.equal(refusal.code, code, refusal.message);
  return refusal;
}

// Its code and reason are checked.
async function refused(code, reason, promise) {
  const refusal = await refusalOf(code, promise);
  assert.equal(refusal.info?.domain, 'caseledger', refusal.message);
  assert.equal(refusal.info?.reason, reason, refusal.message);
  assert.equal(refusal.status.message.includes(texts.client), false, 'no personal data in an error');
  return refusal;
}

// The refusal of a broken rule: it also says why in both languages.
async function refusedByRule(code, reason, promise) {
  const refusal = await refused(code, reason, promise);
  assert.ok(refusal.sentences.vi?.length > 10, `no Vietnamese sentence for ${reason}`);
  assert.ok(refusal.sentences.en?.length > 10, `no English sentence for ${reason}`);
  return refusal;
}

// The refusal of who does not get in: gRPC sends no details from there, so the message says all.
async function refusedAtTheDoor(reason, promise) {
  const {text} = await refusalOf('UNAUTHENTICATED', promise);
  assert.match(text, new RegExp(`^${reason}: [^|]{10,} \\| [^|]{10,}$`));
  const [en, vi] = text.slice(reason.length + 2).split(' | ');
  return {en, vi};
}

const eventCount = async () =>
  (await client.query('HistoryService', 'GetLedgerHead', {}, staff.supervisor)).event_count;

// One call of each kind, by the given caller.
const callsOf = (who) => [
  () => assess({}, who),
  () => client.query('CaseworkService', 'GetCase', {case_id: caseId}, who),
  () => client.stream('HistoryService', 'ReplayCase', {case_id: caseId}, who),
  async () => {
    const [{answer, error}] = await client.batch([{
      header: {ledger: server.ledger, request_id: randomUUID(), purpose: 'services', ...occurred(3)}, record_id: caseId,
      fact: {risk_assessed: {risk: 'RISK_LOW'}},
    }], who);
    if (answer === 'error') throw Refusal.ofCommand(error);
  },
];

const inCase = (method, fact, who = staff.worker, header = occurred(3)) =>
  client.command('CaseworkService', method, {case_id: caseId}, fact, who, header);
const assess = (header, who) => inCase('AssessRisk', {risk: 'RISK_LOW'}, who, {...occurred(3), ...header});
const referral = (id, to = HOSPITAL) => client.command('ReferralService', 'SendReferral', {case_id: caseId}, {
  referral_id: id, person_id: personId, from_agency_id: OWNER, to_agency_id: to, service: 'legal',
}, staff.worker, occurred(4));

before(async () => {
  ({server, client} = await startCentre('node-test'));
  personId = await registerPerson(client, {sex: 'female', birth_year: 1985, private_part: {full_name: texts.client}});
  caseId = await openCase(client, personId);
}, {timeout: 90_000});

after(async () => {
  client?.close();
  await server?.stop();
});

test('every violation of a request is named in one answer', async () => {
  const refusal = await refused('INVALID_ARGUMENT', 'INVALID_REQUEST', client.command(
    'IntakeService', 'ReceiveContact', {}, {
      channel: 'phone', line: '1'.repeat(41), operator_id: 'not a key', private_part: {caller_name: texts.client.repeat(20)},
    }, staff.operator, {...occurred(1), request_id: ''}));
  const fields = refusal.violations.map(({field}) => field);
  for (const end of ['header.request_id', '.line', '.operator_id', '.private_part.caller_name']) {
    assert.ok(fields.some((field) => field.endsWith(end)), `${end} is not among ${fields}`);
  }
  assert.equal(fields.length, 4);
  for (const {description} of refusal.violations) assert.equal(description.includes(texts.client), false);
});

test('what lies in the future is refused', async () => {
  const tomorrow = timestamp(new Date(Date.now() + 24 * 3600 * 1000));
  const refusal = await refused('INVALID_ARGUMENT', 'INVALID_REQUEST', assess({occurred_time: tomorrow}));
  assert.deepEqual(refusal.violations.map(({field}) => field), ['header.occurred_time']);
});

test('a number that is no value of a closed list is refused', async () => {
  const refusal = await refused('INVALID_ARGUMENT', 'INVALID_REQUEST', inCase('AssessRisk', {risk: 99}));
  assert.equal(refusal.violations.length, 1);
  assert.ok(refusal.violations[0].field.endsWith('risk'), refusal.violations[0].field);
});

test('a closed list left unsaid is refused', async () => {
  const refusal = await refused('INVALID_ARGUMENT', 'INVALID_REQUEST',
    inCase('AddParticipant', {person_id: personId, role: 'PARTICIPANT_ROLE_UNSPECIFIED'}));
  assert.ok(refusal.violations[0].field.endsWith('role'));
});

test('a code that the open lists do not know is kept and flagged', async () => {
  const result = await inCase('AssessRisk', {risk: 'RISK_LOW', violence_types: ['cyber_stalking']});
  assert.ok(result.events[0].data_quality.some((item) => item.startsWith('UNKNOWN_CODE')));
});

test('a case that does not exist is not found', async () => {
  const unknown = {case_id: randomUUID()};
  await refusedByRule('NOT_FOUND', 'RECORD_UNKNOWN',
    client.command('CaseworkService', 'AssessRisk', unknown, {risk: 'RISK_LOW'}, staff.worker, occurred(3)));
  await refused('NOT_FOUND', 'RECORD_UNKNOWN', client.query('CaseworkService', 'GetCase', unknown, staff.worker));
  await refused('NOT_FOUND', 'RECORD_UNKNOWN',
    client.stream('HistoryService', 'ReplayCase', unknown, staff.worker));
});

test('a fact that names a record that does not exist is refused', async () => {
  await refusedByRule('NOT_FOUND', 'REFERENCE_UNKNOWN',
    inCase('AddParticipant', {person_id: randomUUID(), role: 'PARTICIPANT_ROLE_PARENT'}));
});

test('a stale expected revision is refused and the current one is told', async () => {
  const {revision} = await client.query('CaseworkService', 'GetCase', {case_id: caseId}, staff.worker);
  const refusal = await refused('ABORTED', 'REVISION_CONFLICT', assess({expected_revision: revision - 1}));
  assert.equal(refusal.info.metadata.current_revision, String(revision));
  const accepted = await assess({expected_revision: revision});
  assert.equal(accepted.revision, revision + 1);
});

test('the same request is answered once more, other content under its id is refused', async () => {
  const header = {request_id: randomUUID()};
  const first = await assess(header);
  const again = await assess(header);
  assert.equal(first.already_recorded, false);
  assert.equal(again.already_recorded, true);
  assert.deepEqual(again.events, first.events);
  await refused('ALREADY_EXISTS', 'REQUEST_ID_REUSED',
    inCase('AssessRisk', {risk: 'RISK_CRITICAL'}, staff.worker, {...occurred(3), ...header}));
});

test('a referral without consent or legal basis is refused', async () => {
  await refusedByRule('FAILED_PRECONDITION', 'CONSENT_MISSING', referral('r-none'));
  const consent = (fact, method, day) => client.command(
    'PersonService', method, {person_id: personId}, {consent_id: 'c1', ...fact}, staff.worker, occurred(day));
  await consent({purposes: ['statistics'], given_by: 'self'}, 'GiveConsent', 3);
  await refusedByRule('FAILED_PRECONDITION', 'CONSENT_MISSING', referral('r-other-purpose'));
});

test('only the asked agency answers a referral, and an answered one is not answered again', async () => {
  await client.command('PersonService', 'GiveConsent', {person_id: personId},
    {consent_id: 'c2', purposes: ['sharing'], given_by: 'self', recipient_agency_id: HOSPITAL},
    staff.worker, occurred(3));
  await client.command('PersonService', 'GiveConsent', {person_id: personId},
    {consent_id: 'c3', purposes: ['sharing'], given_by: 'self', recipient_agency_id: LEGAL_AID},
    staff.worker, occurred(3));
  for (const [id, to] of [['r1', HOSPITAL], ['r2', LEGAL_AID], ['r3', HOSPITAL]]) await referral(id, to);
  const answer = (id, method, fact, who) => client.command(
    'ReferralService', method, {case_id: caseId}, {referral_id: id, ...fact}, who, occurred(4, 1));
  const accept = (id, who) => answer(id, 'AcceptReferral', {}, who);
  const decline = (id, who) => answer(id, 'DeclineReferral', {reason: 'no_capacity'}, who);
  await refusedByRule('PERMISSION_DENIED', 'ACCESS_DENIED', accept('r1', staff.worker));
  // Who was asked something else about the same case.
  await refusedByRule('PERMISSION_DENIED', 'REFERRAL_NOT_YOURS', accept('r1', staff.lawyer));
  await decline('r1', staff.doctor);
  await refusedByRule('FAILED_PRECONDITION', 'REFERRAL_NOT_PENDING', accept('r1', staff.doctor));
  // For who is asked nothing any more there is no such case.
  await decline('r2', staff.lawyer);
  await refusedByRule('NOT_FOUND', 'RECORD_UNKNOWN', accept('r2', staff.lawyer));
});

test('a plan is not approved by who drafted it, nor with another content', async () => {
  await inCase('DraftPlan', {plan_id: 'p1', private_part: {text: texts.plan}}, staff.supervisor);
  const events = (await client.stream('HistoryService', 'ReplayCase', {case_id: caseId}, staff.worker))
    .flatMap((page) => page.events);
  const {content_hash: hash} = events.find(({fact}) => fact.kind === 'plan_drafted').fact.plan_drafted;
  const approve = (who, content) => inCase('ApprovePlan', {plan_id: 'p1', content_hash: content}, who, occurred(3, 1));
  await refusedByRule('PERMISSION_DENIED', 'ACCESS_DENIED', approve(staff.worker, hash));
  await refusedByRule('FAILED_PRECONDITION', 'PLAN_APPROVER_IS_DRAFTER', approve(staff.supervisor, hash));
  await refusedByRule('FAILED_PRECONDITION', 'PLAN_HASH_DIFFERS', approve(staff.deputy, Buffer.alloc(32, 1)));
  await approve(staff.deputy, hash);
});

test('nothing is recorded for a caller who does not say who calls', async () => {
  const before = await eventCount();
  await refusalOf('UNAVAILABLE', assess({}, {}));
  const {actor, agency} = staff.worker;
  const bearer = await identities().bearerOf(agency, actor);
  await refusalOf('UNAVAILABLE', assess({}, {authorization: bearer}));
  await refusedAtTheDoor('TOKEN_INVALID', assess({}, {agency, authorization: bearer.replace('Bearer', 'Basic')}));
  await refusedByRule('PERMISSION_DENIED', 'ACCESS_DENIED', assess({}, {agency}));
  assert.equal(await eventCount(), before);
  await assess({}, staff.worker);
});

test('a token of another agency than the certificate is refused, whatever is called', async () => {
  const before = await eventCount();
  const {actor, agency} = staff.worker;
  const token = await identities().bearerOf(agency, actor);
  for (const call of callsOf({agency: HOSPITAL, authorization: token})) {
    const {en, vi} = await refusedAtTheDoor('AGENCY_MISMATCH', call());
    assert.match(en, /the token is of another agency/);
    assert.match(vi, /Phiên đăng nhập thuộc cơ quan khác/);
  }
  assert.equal(await eventCount(), before);
  for (const call of callsOf({agency, authorization: token})) await call();
});

test('a person of the agency has the rights of a role from its grant to its end', async () => {
  const before = await eventCount();
  const unable = async () => {
    for (const call of callsOf(staff.newcomer)) await refusedByRule('PERMISSION_DENIED', 'ACCESS_DENIED', call());
  };
  await unable();
  assert.equal(await eventCount(), before);
  await grantRole(client, staff.newcomer, 'case_worker');
  for (const call of callsOf(staff.newcomer)) await call();
  await endRole(client, staff.newcomer, 'case_worker');
  await unable();
});

test('an import needs the data steward', async () => {
  const header = {import: {source: 'qn-csv', file: 'risks.csv', row: 'R-1', on_behalf_of: OWNER}};
  await refusedByRule('PERMISSION_DENIED', 'IMPORT_NOT_ALLOWED', assess(header));
  const imported = await assess(header, staff.steward);
  assert.deepEqual(imported.events.map(({fact_name: name}) => name), ['risk_assessed']);
});

test('a case with an open stay is not closed, by no one but a supervisor closes, and none is closed twice', async () => {
  const resident = await registerPerson(client, {sex: 'female', birth_year: 1999});
  const shelterId = await registerShelter(client, 1);
  const sheltered = await openCase(client, resident);
  await admit(client, shelterId, 'pl1', sheltered, resident);
  await refusedByRule('FAILED_PRECONDITION', 'OPEN_SHELTER_STAY', closeCase(client, sheltered));

  const other = await registerPerson(client, {sex: 'male', birth_year: 2001});
  const quick = await openCase(client, other);
  await refusedByRule('PERMISSION_DENIED', 'ACCESS_DENIED', closeCase(client, quick, staff.worker));
  await closeCase(client, quick);
  await refusedByRule('FAILED_PRECONDITION', 'CASE_ALREADY_CLOSED', closeCase(client, quick, staff.supervisor, occurred(11)));
});

test('a second person does not get the only bed', async () => {
  const [first, second] = await Promise.all(
    [1970, 1975].map((year) => registerPerson(client, {sex: 'female', birth_year: year})));
  const shelterId = await registerShelter(client, 1);
  await admit(client, shelterId, 'pl1', await openCase(client, first), first);
  await refusedByRule('FAILED_PRECONDITION', 'NO_FREE_BED',
    admit(client, shelterId, 'pl2', await openCase(client, second), second));
});

test('a fact that only the server records is refused', async () => {
  const answers = await client.batch([{
    header: {ledger: server.ledger, request_id: randomUUID()}, record_id: caseId,
    fact: {referral_expired: {referral_id: 'r1'}},
  }], staff.worker);
  assert.equal(answers.length, 1);
  assert.equal(answers[0].answer, 'error');
  assert.match(answers[0].error.message, /SERVER_FACT_ONLY/);
});

test('a position past the end is out of range, the end itself is not', async () => {
  const {event_count: end} = await client.query('HistoryService', 'GetLedgerHead', {}, staff.supervisor);
  const from = (position) => client.stream(
    'HistoryService', 'ReplayLedger', {from_position: position}, staff.supervisor);
  assert.deepEqual((await from(end)).flatMap(({events}) => events), []);
  await refused('OUT_OF_RANGE', 'POSITION_PAST_END', from(end + 1));
});

test('what was refused left nothing behind', async () => {
  const all = await wholeLedger(client);
  assert.deepEqual(all.map(({position}) => position), all.map((_, index) => index));
  const referrals = all.filter(({fact_name: name}) => name === 'referral_sent');
  assert.deepEqual(referrals.map(({fact}) => fact.referral_sent.referral_id), ['r1', 'r2', 'r3']);
  assert.equal(all.some(({fact}) => fact.kind === 'risk_assessed' && fact.risk_assessed.risk === 'RISK_CRITICAL'), false);
});
