// A small centre: its agencies, its staff and one family, so that a test can begin with the case itself.
import {Client, timestamp} from './client.js';
import {Server} from './server.js';

const DAY_MS = 24 * 3600 * 1000;
const HOUR_MS = 3600 * 1000;

export const OPERATOR = 'so-qn';
export const OWNER = 'ctxh-qn';
export const HOSPITAL = 'bv-qn';
export const LEGAL_AID = 'tgpl-qn';

// Who calls; `roles` are those that they are granted.
export const staff = {
  administrator: {actor: 'qt-01', agency: OPERATOR, roles: []}, // by bootstrap
  auditor: {actor: 'kt-01', agency: OPERATOR, roles: ['auditor'], purpose: 'audit', warrant: 'QD-17'},
  steward: {actor: 'dl-01', agency: OWNER, roles: ['data_steward']},
  operator: {actor: 'tv-01', agency: OWNER, roles: ['hotline_operator']},
  worker: {actor: 'nv-07', agency: OWNER, roles: ['case_worker']},
  supervisor: {actor: 'gs-02', agency: OWNER, roles: ['supervisor']},
  deputy: {actor: 'gs-05', agency: OWNER, roles: ['supervisor']},
  shelter: {actor: 'nt-01', agency: OWNER, roles: ['shelter_manager']},
  newcomer: {actor: 'nm-09', agency: OWNER, roles: []},
  doctor: {actor: 'bs-03', agency: HOSPITAL, roles: ['partner']},
  lawyer: {actor: 'ls-04', agency: LEGAL_AID, roles: ['partner']},
};

export const texts = {
  centre: 'Trung tâm Công tác xã hội tỉnh Quảng Ninh',
  hospital: 'Bệnh viện Sản Nhi Quảng Ninh',
  legalAid: 'Trung tâm Trợ giúp pháp lý tỉnh Quảng Ninh',
  call: 'Chị gọi lúc nửa đêm; chồng say rượu, đuổi hai mẹ con ra khỏi nhà. Đã hướng dẫn đến nơi an toàn.',
  client: 'Nguyễn Thị Hòa Bình',
  alias: 'Đỗ Quỳnh (tên gọi ở nhà)',
  plan: 'Kế hoạch: (1) tạm lánh 30 ngày; (2) khám sức khoẻ; (3) trợ giúp pháp lý — đường dây 18001769.',
};

// Times of the story: the given day and hour of a story that began 20 days ago, at a whole second.
const storyStart = new Date(Math.floor((Date.now() - 20 * DAY_MS) / 1000) * 1000);
export function at(day, hour = 0) {
  return timestamp(new Date(storyStart.getTime() + day * DAY_MS + hour * HOUR_MS));
}

export function occurred(day, hour = 0) {
  return {occurred_time: at(day, hour), occurred_precision: 'TIME_PRECISION_SECOND'};
}

function registerAgencies(client) {
  const agency = (id, kind, name) => client.command(
    'DirectoryService', 'RegisterAgency', {agency_id: id}, {kind, name_vi: name}, staff.administrator, occurred(0));
  return Promise.all([
    agency(OWNER, 'social_work_centre', texts.centre), agency(HOSPITAL, 'hospital', texts.hospital),
    agency(LEGAL_AID, 'legal_aid', texts.legalAid),
  ]);
}

export function grantRole(client, who, role) {
  return client.command('DirectoryService', 'GrantRole', {agency_id: who.agency},
    {grant_id: `${who.actor}/${role}`, person_name: who.actor, role}, staff.administrator);
}

export function endRole(client, who, role) {
  return client.command('DirectoryService', 'EndRole', {agency_id: who.agency},
    {grant_id: `${who.actor}/${role}`}, staff.administrator);
}

function grantRoles(client) {
  const grants = Object.values(staff).flatMap((who) => who.roles.map((role) => grantRole(client, who, role)));
  return Promise.all(grants);
}

// A server whose ledger knows the agencies, and the staff with their roles.
export async function startCentre(ledger) {
  const server = await Server.start(ledger, staff.administrator);
  const client = new Client(server.address, ledger);
  try {
    await registerAgencies(client);
    await grantRoles(client);
  } catch (error) {
    client.close();
    await server.stop();
    throw error;
  }
  return {server, client};
}

// Every event of the ledger, as nobody but an auditor with a warrant may ask for them.
export async function wholeLedger(client) {
  const pages = await client.stream('HistoryService', 'ReplayLedger', {from_position: 0}, staff.auditor);
  return pages.flatMap(({events}) => events);
}

// Registers a person and gives the record's id.
export async function registerPerson(client, attributes) {
  const result = await client.command(
    'PersonService', 'RegisterPerson', {}, {attributes}, staff.worker, occurred(1));
  return result.record_id;
}

// Opens a case for the person, as its client, and gives the record's id.
export async function openCase(client, personId, more = {}) {
  const opened = await client.command('CaseworkService', 'OpenCase', {}, {
    case_type: 'gender_based_violence', concerns: ['domestic_violence'], owner_agency_id: OWNER,
    owner_worker_id: staff.worker.actor, ...more,
  }, staff.worker, occurred(2));
  await client.command('CaseworkService', 'AddParticipant', {case_id: opened.record_id},
    {person_id: personId, role: 'PARTICIPANT_ROLE_CLIENT'}, staff.worker, occurred(2));
  return opened.record_id;
}

export async function registerShelter(client, beds) {
  const result = await client.command('ShelterService', 'RegisterShelter', {}, {
    agency_id: OWNER, beds, alias: 'Ngôi nhà bình yên', private_part: {address: 'Ngõ 12, phố Hạ Long'},
  }, staff.shelter, occurred(0, 1));
  return result.record_id;
}

// Requests, holds and takes a bed.
export async function admit(client, shelterId, placement, caseId, personId, companions = []) {
  const shelter = {shelter_id: shelterId};
  await client.command('ShelterService', 'RequestPlacement', shelter,
    {placement_id: placement, case_id: caseId, person_id: personId, companion_person_ids: companions},
    staff.worker, occurred(3));
  await client.command('ShelterService', 'HoldPlacement', shelter,
    {placement_id: placement, expire_time: at(4)}, staff.shelter, occurred(3, 1));
  return client.command('ShelterService', 'AdmitResident', shelter,
    {placement_id: placement}, staff.shelter, occurred(3, 2));
}

export function discharge(client, shelterId, placement) {
  return client.command('ShelterService', 'DischargeResident', {shelter_id: shelterId},
    {placement_id: placement, destination: 'relatives'}, staff.shelter, occurred(9));
}

export function closeCase(client, caseId, who = staff.supervisor, header = {}) {
  return client.command('ClosureService', 'CloseCase', {case_id: caseId},
    {reason: 'goals_met'}, who, {...occurred(10), ...header});
}
