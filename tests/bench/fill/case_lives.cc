#include "tests/bench/fill/case_lives.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "caseledger/options/v1/options.pb.h"
#include "eventstore/base/strings.h"

namespace caseledger::bench {
namespace {

using event::v1::Fact;
using eventstore::AppendRequest;
using eventstore::Decision;
using eventstore::LedgerView;
using eventstore::StreamId;

constexpr Micros kMicrosPerHour = 3600 * kMicrosPerSecond;
constexpr Micros kMicrosPerDay = 24 * kMicrosPerHour;
constexpr uint64_t kMostAtATime = 50'000;
constexpr uint64_t kShareAtATime = 20;  // one of so many cases goes on at a time
constexpr char kOwner[] = "ctxh-qn";

// Half of the weight is on what is most frequent.
const std::vector<std::string> kTypes = {"gender_based_violence", "gender_based_violence",
                                         "child_protection",      "child_protection",
                                         "social_assistance",     "trafficking"};
const std::vector<std::string> kConcerns = {"domestic_violence", "neglect", "case_management",
                                            "physical_violence", "trafficked"};
const std::vector<std::string> kTopics = {"gender_equality", "child", "trafficking",
                                          "family_relations", "health"};
const std::vector<std::string> kServices = {"psychological_counselling", "legal_procedure_support",
                                            "medical_care", "civil_documents_support"};
const std::vector<std::string> kReasons = {"goals_met", "goals_met", "left_area", "lost_contact"};
const std::vector<std::string> kUnits = {"06649", "06652", "06655", "06658", "06691", "06706"};
const std::vector<std::string> kOtherAgencies = {"ctxh-hl", "ctxh-cp", "ctxh-mc", "ctxh-ub"};
const std::vector<std::string> kPartners = {"bv-tinh", "ca-tinh", "so-tp", "hoi-pn"};
const std::vector<std::string> kFamilies = {"Nguyễn", "Trần", "Lê",   "Phạm", "Hoàng", "Vũ",
                                            "Bùi",    "Đặng", "Ngô",  "Đỗ",   "Hồ",    "Dương",
                                            "Lý",     "Đinh", "Đoàn", "Chu"};
const std::vector<std::string> kMiddles = {"Thị",  "Văn", "Ngọc", "Thanh", "Minh", "Thuỳ",
                                           "Xuân", "Đức", "Hữu",  "Kim",   "Quỳnh"};
const std::vector<std::string> kGiven = {
    "An",   "Bình", "Chi", "Dung", "Đức",  "Giang", "Hà",    "Hải",  "Hạnh", "Hiền", "Hoà",  "Hồng",
    "Hùng", "Huệ",  "Lan", "Linh", "Loan", "Mai",   "Minh",  "Nam",  "Nga",  "Ngân", "Oanh", "Phúc",
    "Quân", "Sơn",  "Tâm", "Thảo", "Thuỷ", "Tiến",  "Trang", "Tuấn", "Tú",   "Vân",  "Yến"};

// About what is written down during a call and a visit.
constexpr char kCallNote[] =
    "Người gọi là hàng xóm, nghe tiếng trẻ khóc nhiều đêm liền; mẹ cháu đi làm ca. Đã hướng dẫn "
    "gọi lại khi có nguy cơ, hẹn cán bộ xã đến thăm trong ngày.";
constexpr char kFindings[] =
    "Đã gặp tại nhà cùng cán bộ phụ nữ xã. Tâm lý hoảng sợ, có vết bầm cũ ở tay; đồng ý khám và "
    "tham vấn.";

StreamId StreamOf(options::v1::RecordKind kind, const Uuid& id) {
  return {static_cast<uint32_t>(kind), id};
}

}  // namespace

CaseLives::CaseLives(uint64_t seed, uint64_t cases)
    : random_(seed),
      cases_(cases),
      at_a_time_(std::clamp<uint64_t>(cases / kShareAtATime, 1, kMostAtATime)) {}

std::string CaseLives::WorkerOf(uint64_t number) { return StrCat("nv-", number % kWorkers); }

std::string CaseLives::RandomName() {
  return StrCat(OneOf(kFamilies), " ", OneOf(kMiddles), " ", OneOf(kGiven));
}

Uuid CaseLives::NewId() {
  const uint64_t words[2] = {random_(), random_()};
  char bytes[16];
  std::memcpy(bytes, words, sizeof bytes);
  return *Uuid::FromBytes({bytes, sizeof bytes});
}

void CaseLives::Begin(Life& life) {
  life = Life();
  life.number = begun_++;
  // Spread evenly over the years, by the hour.
  life.now = kBegin + kLength / static_cast<Micros>(cases_) * static_cast<Micros>(life.number) +
             static_cast<Micros>(Below(3600)) * kMicrosPerSecond;
  life.contact = NewId();
  life.person = NewId();
  life.case_id = NewId();
  const bool ours = Below(2) == 0;
  life.agency = ours ? kOwner : OneOf(kOtherAgencies);
  life.worker = WorkerOf(Below(kWorkers));
  life.partner = OneOf(kPartners);
}

bool CaseLives::Next(AppendRequest& request) {
  while (lives_.size() < at_a_time_ && begun_ < cases_) Begin(lives_.emplace_back());
  if (lives_.empty()) return false;
  Life& life = lives_[Below(lives_.size())];
  Decision decision;
  request = AppendRequest();
  request.key = {life.agency, NewId()};
  request.origin.actor = life.worker;
  request.origin.agency = life.agency;
  request.origin.purpose = "services";
  request.origin.correlation_id = NewId();
  const bool goes_on = Step(life, decision);
  request.content = decision.events.front().fact;
  if (!goes_on) {
    std::swap(life, lives_.back());
    lives_.pop_back();
  }
  request.decide = [decision = std::move(decision)](LedgerView&) -> absl::StatusOr<Decision> {
    return decision;
  };
  return true;
}

bool CaseLives::Step(Life& life, Decision& decision) {
  switch (life.step++) {
    case 0:
      AddCall(life, decision);
      return true;
    case 1:
      AddEndOfCall(life, decision);
      return true;
    case 2:
      AddPerson(life, decision);
      return true;
    case 3:
      AddCase(life, decision);
      return true;
    case 4:
      AddRisk(life, decision);
      return true;
    case 5:
    case 6:
      AddReferral(life, decision);
      return true;
    default:
      AddOutcome(life, decision);
      return false;
  }
}

void CaseLives::Add(const Life& life, const StreamId& stream, const Fact& fact,
                    Decision& decision) {
  eventstore::NewEvent event;
  event.event_id = NewId();
  event.stream = stream;
  event.occurred_at = life.now;
  event.occurred_precision = event::v1::TIME_PRECISION_SECOND;
  event.fact_type = static_cast<uint32_t>(fact.kind_case());
  event.fact = fact.SerializeAsString();
  if (life.number % 20 == 0 && fact.has_case_opened()) event.data_quality = {"UNIT_UNKNOWN:unit"};
  decision.events.push_back(std::move(event));
}

void CaseLives::AddCall(Life& life, Decision& decision) {
  Fact fact;
  event::v1::ContactReceived& received = *fact.mutable_contact_received();
  received.set_channel("phone");
  received.set_line("18001769");
  received.set_caller_role("neighbour");
  received.set_operator_id(life.worker);
  received.mutable_unit()->set_code(OneOf(kUnits));
  received.mutable_unit()->set_version("2024");
  received.mutable_note()->set_text(kCallNote);
  received.mutable_private_part()->set_caller_name(RandomName());
  received.mutable_private_part()->set_caller_phone(StrCat("+8491", 1000000 + Below(9000000)));
  Add(life, StreamOf(options::v1::RECORD_KIND_CONTACT, life.contact), fact, decision);
}

void CaseLives::AddEndOfCall(Life& life, Decision& decision) {
  const StreamId contact = StreamOf(options::v1::RECORD_KIND_CONTACT, life.contact);
  Fact classified;
  classified.mutable_contact_classified()->set_main_topic(OneOf(kTopics));
  Add(life, contact, classified, decision);
  life.now += static_cast<Micros>(60 + Below(1800)) * kMicrosPerSecond;
  Fact ended;
  ended.mutable_contact_ended()->set_outcome(event::v1::CONTACT_OUTCOME_COUNSELLED);
  Add(life, contact, ended, decision);
}

void CaseLives::AddPerson(Life& life, Decision& decision) {
  Fact fact;
  event::v1::PersonAttributes& person = *fact.mutable_person_registered()->mutable_attributes();
  person.set_sex(Below(4) == 0 ? "male" : "female");
  person.set_birth_year(static_cast<uint32_t>(1960 + Below(58)));
  person.set_document_status(Below(10) == 0 ? "undocumented" : "registered");
  person.mutable_unit()->set_code(OneOf(kUnits));
  person.mutable_unit()->set_version("2024");
  person.mutable_private_part()->set_full_name(RandomName());
  person.mutable_private_part()->set_phone(StrCat("+8493", 1000000 + Below(9000000)));
  Add(life, StreamOf(options::v1::RECORD_KIND_PERSON, life.person), fact, decision);
}

void CaseLives::AddCase(Life& life, Decision& decision) {
  life.now += static_cast<Micros>(Below(24)) * kMicrosPerHour;
  const StreamId record = StreamOf(options::v1::RECORD_KIND_CASE_RECORD, life.case_id);
  Fact opened;
  event::v1::CaseOpened& fact = *opened.mutable_case_opened();
  fact.set_case_type(OneOf(kTypes));
  fact.add_concerns(OneOf(kConcerns));
  fact.set_owner_agency_id(life.agency);
  fact.set_owner_worker_id(life.worker);
  fact.mutable_unit()->set_code(OneOf(kUnits));
  fact.mutable_unit()->set_version("2024");
  fact.set_source_contact_id(life.contact.ToString());
  fact.mutable_external_ref()->set_source("so-vu-viec");
  fact.mutable_external_ref()->set_value(StrCat("VV-", life.number));
  Add(life, record, opened, decision);
  Fact client;
  client.mutable_participant_added()->set_person_id(life.person.ToString());
  client.mutable_participant_added()->set_role(event::v1::PARTICIPANT_ROLE_CLIENT);
  Add(life, record, client, decision);
  decision.names = {{record, fact.external_ref().source(), fact.external_ref().value()}};
  decision.references = {{record, StreamOf(options::v1::RECORD_KIND_CONTACT, life.contact)},
                         {record, StreamOf(options::v1::RECORD_KIND_PERSON, life.person)}};
}

void CaseLives::AddRisk(Life& life, Decision& decision) {
  life.now += static_cast<Micros>(Below(48)) * kMicrosPerHour;
  Fact fact;
  event::v1::RiskAssessed& assessed = *fact.mutable_risk_assessed();
  assessed.set_risk(static_cast<event::v1::Risk>(event::v1::RISK_LOW + Below(4)));
  assessed.add_violence_types("physical_assault");
  assessed.mutable_findings()->set_text(kFindings);
  assessed.mutable_findings()->add_about_person_ids(life.person.ToString());
  Add(life, StreamOf(options::v1::RECORD_KIND_CASE_RECORD, life.case_id), fact, decision);
}

void CaseLives::AddReferral(Life& life, Decision& decision) {
  life.now += static_cast<Micros>(1 + Below(72)) * kMicrosPerHour;
  Fact fact;
  if (life.step == 6) {  // the step after this one
    event::v1::ReferralSent& sent = *fact.mutable_referral_sent();
    sent.set_referral_id("r1");
    sent.set_person_id(life.person.ToString());
    sent.set_from_agency_id(life.agency);
    sent.set_to_agency_id(life.partner);
    sent.set_service("health_medical");
    sent.set_urgency(event::v1::REFERRAL_URGENCY_URGENT);
  } else if (Below(4) == 0) {
    fact.mutable_referral_declined()->set_referral_id("r1");
    fact.mutable_referral_declined()->set_reason("no_capacity");
  } else {
    fact.mutable_referral_accepted()->set_referral_id("r1");
  }
  Add(life, StreamOf(options::v1::RECORD_KIND_CASE_RECORD, life.case_id), fact, decision);
}

void CaseLives::AddOutcome(Life& life, Decision& decision) {
  life.now += static_cast<Micros>(1 + Below(180)) * kMicrosPerDay;
  Fact fact;
  if (Below(10) < 7) {
    fact.mutable_case_closed()->set_reason(OneOf(kReasons));
  } else {
    event::v1::ServiceDelivered& service = *fact.mutable_service_delivered();
    service.set_service_id("s1");
    service.set_kind(OneOf(kServices));
    service.add_beneficiary_person_ids(life.person.ToString());
    service.set_minutes(static_cast<uint32_t>(30 + Below(60)));
  }
  Add(life, StreamOf(options::v1::RECORD_KIND_CASE_RECORD, life.case_id), fact, decision);
}

}  // namespace caseledger::bench
