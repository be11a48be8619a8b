// A small centre: its agencies, its staff and one family, so that a test can begin with the case itself.
import {timestamp} from './client.js';

const DAY_MS = 24 * 3600 * 1000;
const HOUR_MS = 3600 * 1000;

export const OWNER = 'ctxh-qn';
export const HOSPITAL = 'bv-qn';

export const staff = {
  steward: {actor: 'dl-01', agency: OWNER, roles: 'data_steward,administrator'},
  operator: {actor: 'tv-01', agency: OWNER, roles: 'hotline_operator'},
  worker: {actor: 'nv-07', agency: OWNER, roles: 'case_worker'},
  supervisor: {actor: 'gs-02', agency: OWNER, roles: 'supervisor'},
  shelter: {actor: 'nt-01', agency: OWNER, roles: 'shelter_manager'},
  doctor: {actor: 'bs-03', agency: HOSPITAL, roles: 'partner'},
};

export const texts = {
  centre: 'Trung tâm Công tác xã hội tỉnh Quảng Ninh',
  hospital: 'Bệnh viện Sản Nhi Quảng Ninh',
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

export function registerAgencies(client) {
  const agency = (id, kind, name) => client.command(
    'DirectoryService', 'RegisterAgency', {agency_id: id}, {kind, name_vi: name}, staff.steward, occurred(0));
  return Promise.all([agency(OWNER, 'social_work_centre', texts.centre), agency(HOSPITAL, 'hospital', texts.hospital)]);
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
