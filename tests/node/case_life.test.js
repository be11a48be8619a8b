// One case from the first call to its closure, through the typed services, and what the records then say.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {
  HOSPITAL, OPERATOR, OWNER, admit, at, closeCase, discharge, occurred, openCase, registerPerson, registerShelter, staff,
  startCentre, texts, wholeLedger,
} from './lib/centre.js';

let server;
let client;
const story = {};

const inCase = (method, fact, who, when) =>
  client.command('CaseworkService', method, {case_id: story.caseId}, fact, who, when);
const onContact = (method, fact, when) =>
  client.command('IntakeService', method, {contact_id: story.contactId}, fact, staff.operator, when);
const onReferral = (method, fact, who, when) =>
  client.command('ReferralService', method, {case_id: story.caseId}, fact, who, when);
const replayCase = async () =>
  (await client.stream('HistoryService', 'ReplayCase', {case_id: story.caseId}, staff.supervisor))
    .flatMap(({events}) => events);
const lastPosition = (result) => result.events.at(-1).position;

before(async () => {
  ({server, client} = await startCentre('node-test'));
}, {timeout: 90_000});

after(async () => {
  client?.close();
  await server?.stop();
});

test('a call comes in, is classified and ends', async () => {
  const received = await client.command('IntakeService', 'ReceiveContact', {}, {
    channel: 'phone', line: '18001769', caller_role: 'victim', operator_id: staff.operator.actor,
    note: {text: texts.call}, private_part: {caller_name: texts.client, caller_phone: '0912345678'},
  }, staff.operator, occurred(1));
  story.contactId = received.record_id;
  assert.equal(received.revision, 1);
  assert.equal(received.already_recorded, false);
  assert.deepEqual(received.events.map(({fact_name: name}) => name), ['contact_received']);

  await onContact('ClassifyContact', {main_topic: 'gender_equality', other_topics: ['child']}, occurred(1, 1));
  const ended = await onContact('EndContact', {outcome: 'CONTACT_OUTCOME_COUNSELLED'}, occurred(1, 2));
  assert.equal(ended.revision, 3);
});

test('persons are registered and a case is opened with them', async () => {
  story.clientId = await registerPerson(client, {
    sex: 'female', birth_year: 1990, document_status: 'registered', school_status: 'not_applicable',
    private_part: {full_name: texts.client, aliases: [texts.alias.normalize('NFD')], birth_date: '1990-03'},
  });
  story.childId = await registerPerson(client, {sex: 'male', birth_year: 2022});
  story.caseId = await openCase(client, story.clientId, {
    risk: 'RISK_MEDIUM', source_contact_id: story.contactId, note: {text: texts.call, about_person_ids: [story.clientId]},
  });
  await inCase('AddParticipant', {person_id: story.childId, role: 'PARTICIPANT_ROLE_COMPANION'},
    staff.worker, occurred(2));
  await onContact('LinkContactToCase', {case_id: story.caseId}, occurred(2, 1));
  const risk = await inCase('AssessRisk', {risk: 'RISK_HIGH', violence_types: ['physical_assault']},
    staff.worker, occurred(2, 2));
  assert.equal(risk.revision, 4);
});

test('a plan drafted by one is approved by another', async () => {
  await inCase('DraftPlan', {plan_id: 'p1', private_part: {text: texts.plan}}, staff.worker, occurred(2, 3));
  const drafted = (await replayCase()).at(-1).fact.plan_drafted;
  assert.equal(drafted.private_part.text, texts.plan);
  assert.equal(drafted.content_hash.length, 32);
  const approved = await inCase('ApprovePlan', {plan_id: 'p1', content_hash: drafted.content_hash},
    staff.supervisor, occurred(2, 4));
  assert.equal(approved.events[0].fact_name, 'plan_approved');
});

test('an emergency runs and ends, and a service is given', async () => {
  await inCase('StartEmergency', {emergency_id: 'e1', person_id: story.clientId, kind: 'gender_based_violence'},
    staff.worker, occurred(2, 5));
  await inCase('EndEmergency', {emergency_id: 'e1'}, staff.worker, occurred(2, 20));
  await inCase('DeliverService', {
    service_id: 's1', kind: 'psychological_counselling', beneficiary_person_ids: [story.clientId, story.childId],
    minutes: 60,
  }, staff.worker, occurred(5));
});

test('the client moves into a shelter with her child, on three records at once', async () => {
  story.shelterId = await registerShelter(client, 4);
  const admitted = await admit(client, story.shelterId, 'pl1', story.caseId, story.clientId, [story.childId]);
  const kinds = new Set(admitted.events.map(({record_kind: kind}) => kind));
  assert.deepEqual([...kinds].sort(),
    ['RECORD_KIND_CASE_RECORD', 'RECORD_KIND_PERSON', 'RECORD_KIND_SHELTER']);
  const positions = admitted.events.map(({position}) => position);
  assert.equal(positions.at(-1) - positions[0], positions.length - 1);

  const full = await client.query('ShelterService', 'GetOccupancy',
    {shelter_id: story.shelterId, min_position: lastPosition(admitted)}, staff.shelter);
  assert.deepEqual([full.beds, full.occupied, full.residents], [4, 2, 1]);
});

test('a referral is sent with consent, accepted by the partner and stands in both boxes', async () => {
  await client.command('PersonService', 'GiveConsent', {person_id: story.clientId},
    {consent_id: 'c1', purposes: ['sharing'], given_by: 'self'}, staff.worker, occurred(3));
  await onReferral('SendReferral', {
    referral_id: 'r1', person_id: story.clientId, from_agency_id: OWNER, to_agency_id: HOSPITAL,
    service: 'health_medical', urgency: 'REFERRAL_URGENCY_URGENT', expire_time: at(30),
  }, staff.worker, occurred(4));
  const accepted = await onReferral('AcceptReferral', {referral_id: 'r1'}, staff.doctor, occurred(4, 3));
  const inbox = await client.query('ReferralService', 'ListReferrals', {
    agency_id: HOSPITAL, direction: 'REFERRAL_DIRECTION_INBOX', min_position: lastPosition(accepted),
  }, staff.doctor);
  assert.equal(inbox.referrals.length, 1);
  assert.equal(inbox.referrals[0].state, 'accepted');
  assert.equal(inbox.referrals[0].case_id, story.caseId);
});

test('while the stay and the referral are open the case says what stands in the way', async () => {
  const {blockers} = await client.query('ClosureService', 'CheckClosure', {case_id: story.caseId}, staff.supervisor);
  assert.deepEqual(blockers.map(({reason}) => reason).sort(), ['OPEN_SHELTER_STAY', 'REFERRAL_ACTIVE']);
  for (const {text_vi: vi, text_en: en} of blockers) assert.ok(vi.length > 10 && en.length > 10);
});

test('when all is done the supervisor closes the case', async () => {
  await onReferral('CompleteReferral', {referral_id: 'r1', outcome: 'service_given'}, staff.doctor, occurred(7));
  await discharge(client, story.shelterId, 'pl1');
  const check = await client.query('ClosureService', 'CheckClosure', {case_id: story.caseId}, staff.supervisor);
  assert.deepEqual(check.blockers, []);
  const closed = await closeCase(client, story.caseId, staff.supervisor, {expected_revision: check.revision});
  story.closedAt = lastPosition(closed);
  const now = await client.query('CaseworkService', 'GetCase', {case_id: story.caseId}, staff.supervisor);
  assert.equal(now.phase, 'closed');
  assert.equal(now.risk, 'high');
  assert.equal(now.open_stays, 0);
  assert.equal(now.revision, check.revision + 1);
});

test('the history of the case holds every event in order, with its texts whole', async () => {
  const events = await replayCase();
  assert.deepEqual(events.map(({fact_name: name}) => name), [
    'case_opened', 'participant_added', 'participant_added', 'risk_assessed', 'plan_drafted', 'plan_approved',
    'emergency_started', 'emergency_ended', 'service_delivered', 'shelter_stay_opened', 'referral_sent',
    'referral_accepted', 'referral_completed', 'shelter_stay_closed', 'case_closed',
  ]);
  assert.deepEqual(events.map(({revision}) => revision), events.map((_, index) => index + 1));
  const [opened] = events;
  assert.equal(opened.fact.case_opened.note.text, texts.call);
  assert.deepEqual([opened.actor, opened.agency, opened.purpose], [staff.worker.actor, OWNER, 'services']);
  assert.equal(events.find(({fact}) => fact.kind === 'referral_sent').fact.referral_sent.consent_id, 'c1');
  assert.equal(events.find(({fact}) => fact.kind === 'referral_accepted').agency, HOSPITAL);
});

test('names come back as typed, in composed form', async () => {
  const [{events: [registered]}] = await client.stream('HistoryService', 'ReplayRecord',
    {record_kind: 'RECORD_KIND_PERSON', record_id: story.clientId}, staff.worker);
  const {full_name: name, aliases} = registered.fact.person_registered.attributes.private_part;
  assert.equal(name, texts.client);
  assert.deepEqual(aliases, [texts.alias.normalize('NFC')]);
});

test('lists, occupancy and the replay of the ledger tell the same story', async () => {
  const {cases} = await client.query('DashboardService', 'ListCases',
    {owner_agency_id: OWNER, min_position: story.closedAt}, staff.supervisor);
  assert.deepEqual(cases.map((row) => [row.case_id, row.phase, row.client_count]), [[story.caseId, 'closed', 1]]);

  const outbox = await client.query('ReferralService', 'ListReferrals',
    {agency_id: OWNER, direction: 'REFERRAL_DIRECTION_OUTBOX', min_position: story.closedAt}, staff.worker);
  assert.deepEqual(outbox.referrals.map(({state}) => state), ['completed']);

  const empty = await client.query('ShelterService', 'GetOccupancy',
    {shelter_id: story.shelterId, min_position: story.closedAt}, staff.shelter);
  assert.deepEqual([empty.occupied, empty.residents, empty.held], [0, 0, 0]);

  const head = await client.query('HistoryService', 'GetLedgerHead', {}, staff.supervisor);
  const all = await wholeLedger(client);
  assert.equal(head.event_count, all.length);
  assert.deepEqual(all.map(({position}) => position), all.map((_, index) => index));
  const agencies = all.filter(({fact}) => fact.kind === 'agency_registered').map(({fact}) => fact.agency_registered.name_vi);
  assert.deepEqual(agencies.sort(), [OPERATOR, texts.hospital, texts.centre, texts.legalAid].sort());
});

test('the server ends in good order', async () => {
  client.close();
  client = undefined;
  const code = await server.stop();
  server = undefined;
  assert.equal(code, 0);
});
