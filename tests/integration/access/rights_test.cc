// What people may see and do: a real server over TLS with the default rules, from the first
// administrator on.
#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "caseledger/v1/access.pb.h"
#include "caseledger/v1/casework.pb.h"
#include "caseledger/v1/dashboard.pb.h"
#include "caseledger/v1/directory.pb.h"
#include "caseledger/v1/history.grpc.pb.h"
#include "caseledger/v1/person.pb.h"
#include "caseledger/v1/referral.pb.h"
#include "tests/integration/access/pki.h"
#include "tests/integration/support/child_process.h"
#include "tests/integration/support/client.h"
#include "tests/integration/support/scratch_directory.h"

namespace caseledger::testing {
namespace {

using ::testing::HasSubstr;

// A staff member of an agency, or a program of it (no name).
class Person {
 public:
  Person(const Pki& pki, const std::string& address, std::string agency, std::string name)
      : agency_(std::move(agency)),
        name_(std::move(name)),
        token_(name_.empty() ? "" : pki.Token(agency_, name_)) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    channel_ = grpc::CreateCustomChannel(address, pki.Credentials(agency_), arguments);
  }

  std::string purpose;
  std::string warrant;

  const std::string& agency() const { return agency_; }
  const std::string& name() const { return name_; }
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

  void Prepare(grpc::ClientContext& context) const {
    if (!token_.empty()) context.AddMetadata("authorization", "Bearer " + token_);
    if (!purpose.empty()) context.AddMetadata("caseledger-purpose", purpose);
    if (!warrant.empty()) context.AddMetadata("caseledger-warrant", warrant);
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  }

  template <typename Response, typename Request>
  Answer<Response> Ask(const std::string& method, const Request& request) const {
    grpc::ClientContext context;
    Prepare(context);
    grpc::GenericStub stub(channel_);
    const grpc::ByteBuffer bytes = Client::ToBytes(request);
    grpc::ByteBuffer reply;
    std::promise<grpc::Status> done;
    stub.UnaryCall(&context, "/caseledger.v1." + method, grpc::StubOptions(), &bytes, &reply,
                   [&done](grpc::Status status) { done.set_value(std::move(status)); });
    Answer<Response> answer;
    answer.status = done.get_future().get();
    if (answer.ok()) Client::Parse(reply, answer.value);
    return answer;
  }

  Answer<v1::GetCaseResponse> GetCase(const std::string& id) const {
    v1::GetCaseRequest request;
    request.set_ledger("a");
    request.set_case_id(id);
    return Ask<v1::GetCaseResponse>("CaseworkService/GetCase", request);
  }
  std::vector<std::string> Cases() const {
    v1::ListCasesRequest request;
    request.set_ledger("a");
    request.set_page_size(1000);
    const auto answer = Ask<v1::ListCasesResponse>("DashboardService/ListCases", request);
    EXPECT_TRUE(answer.ok()) << answer.status.error_message();
    std::vector<std::string> ids;
    for (const v1::CaseRow& row : answer.value.cases()) ids.push_back(row.case_id());
    return ids;
  }
  Answer<std::vector<v1::RecordedEvent>> Replay(const std::string& ledger) const {
    v1::ReplayLedgerRequest request;
    request.set_ledger(ledger);
    grpc::ClientContext context;
    Prepare(context);
    const auto reader = v1::HistoryService::NewStub(channel_)->ReplayLedger(&context, request);
    Answer<std::vector<v1::RecordedEvent>> answer;
    v1::ReplayResponse page;
    while (reader->Read(&page)) {
      answer.value.insert(answer.value.end(), page.events().begin(), page.events().end());
    }
    answer.status = reader->Finish();
    return answer;
  }

 private:
  std::string agency_;
  std::string name_;
  std::string token_;
  std::shared_ptr<grpc::Channel> channel_;
};

template <typename Request>
Request Addressed() {
  Request request;
  request.mutable_header()->set_ledger("a");
  request.mutable_header()->set_request_id(NewUuid());
  return request;
}

class RightsTest : public ::testing::Test {
 protected:
  RightsTest() : pki_(directory_ / "pki", {"so-qn", "ctxh-qn", "ca-tinh"}) {
    const Finished made =
        RunToEnd({CASELEDGER_PATH, "access", "bootstrap", "--data-dir", directory_ / "data", "--of",
                  "a", "--administrator", "so-qn/lan", "--rules", CASELEDGER_RULES});
    EXPECT_EQ(made.code, 0) << made.err;
    server_ = std::make_unique<ServerProcess>(directory_ / "data", std::vector<std::string>{"a"},
                                              pki_.ServerFlags());
    for (const char* agency : {"ctxh-qn", "ca-tinh"}) Register(agency);
    Grant("ctxh-qn", "minh", "case_worker");
    Grant("ctxh-qn", "hoa", "supervisor");
    Grant("ca-tinh", "binh", "partner");
    Grant("ca-tinh", "tam", "case_worker");
    Grant("so-qn", "kiem", "auditor");
  }

  Person Of(const std::string& agency, const std::string& name) const {
    return {pki_, server_->address(), agency, name};
  }
  Person Admin() const { return Of("so-qn", "lan"); }

  void Register(const std::string& agency) {
    auto request = Addressed<v1::RegisterAgencyRequest>();
    request.set_agency_id(agency);
    request.mutable_fact()->set_kind("centre");
    request.mutable_fact()->set_name_vi("Trung tâm");
    Must(Admin().Ask<v1::CommandResult>("DirectoryService/RegisterAgency", request));
  }
  void Grant(const std::string& agency, const std::string& person, const std::string& role) {
    GrantAs(agency, person + "/" + role, person, role);
  }
  void GrantAs(const std::string& agency, const std::string& key, const std::string& person,
               const std::string& role) {
    auto request = Addressed<v1::GrantRoleRequest>();
    request.set_agency_id(agency);
    request.mutable_fact()->set_grant_id(key);
    request.mutable_fact()->set_person_name(person);
    request.mutable_fact()->set_role(role);
    Must(Admin().Ask<v1::CommandResult>("DirectoryService/GrantRole", request));
  }
  void End(const std::string& agency, const std::string& grant) {
    auto request = Addressed<v1::EndRoleRequest>();
    request.set_agency_id(agency);
    request.mutable_fact()->set_grant_id(grant);
    Must(Admin().Ask<v1::CommandResult>("DirectoryService/EndRole", request));
  }
  template <typename T>
  static const T& Must(const Answer<T>& answer) {
    EXPECT_TRUE(answer.ok()) << answer.status.error_message();
    static const T empty;
    return answer.ok() ? answer.value : empty;
  }

  Answer<v1::CommandResult> Open(const Person& worker, const std::string& owner) {
    auto request = Addressed<v1::OpenCaseRequest>();
    request.mutable_fact()->set_case_type("gender_based_violence");
    request.mutable_fact()->set_owner_agency_id(owner);
    return worker.Ask<v1::CommandResult>("CaseworkService/OpenCase", request);
  }
  std::string RegisterPerson(const Person& worker) {
    auto request = Addressed<v1::RegisterPersonRequest>();
    request.mutable_fact()->mutable_attributes()->set_sex("female");
    request.mutable_fact()->mutable_attributes()->set_birth_year(1990);
    request.mutable_fact()->mutable_attributes()->mutable_private_part()->set_full_name(
        "Nguyễn Thị Hoà");
    const auto answer = worker.Ask<v1::CommandResult>("PersonService/RegisterPerson", request);
    EXPECT_TRUE(answer.ok()) << answer.status.error_message();
    return answer.value.record_id();
  }
  void AddClient(const Person& worker, const std::string& case_id, const std::string& person) {
    auto request = Addressed<v1::AddParticipantRequest>();
    request.set_case_id(case_id);
    request.mutable_fact()->set_person_id(person);
    request.mutable_fact()->set_role(event::v1::PARTICIPANT_ROLE_CLIENT);
    Must(worker.Ask<v1::CommandResult>("CaseworkService/AddParticipant", request));
  }

  // Entries of the trail, as the auditor reads them.
  std::vector<v1::RecordedEvent> Trail() const {
    Person auditor = Of("so-qn", "kiem");
    auditor.purpose = "audit";
    const auto answer = auditor.Replay("a.access");
    EXPECT_TRUE(answer.ok()) << answer.status.error_message();
    return answer.value;
  }

  ScratchDirectory directory_;
  Pki pki_;
  std::unique_ptr<ServerProcess> server_;
  std::string last_grant_ = "minh/case_worker";
};

TEST_F(RightsTest, AForbiddenCaseAnswersByteForByteAsOneThatIsNotThere) {
  const Person minh = Of("ctxh-qn", "minh");
  const std::string id = Must(Open(minh, "ctxh-qn")).record_id();
  EXPECT_TRUE(minh.GetCase(id).ok());
  for (const Person& other : {Of("ca-tinh", "tam"), Of("ca-tinh", "binh")}) {
    const grpc::Status forbidden = other.GetCase(id).status;
    const grpc::Status unknown = other.GetCase(NewUuid()).status;
    EXPECT_EQ(forbidden.error_code(), grpc::StatusCode::NOT_FOUND) << other.name();
    EXPECT_EQ(Explain(forbidden).reason, "RECORD_UNKNOWN");
    EXPECT_EQ(forbidden.error_message(), unknown.error_message());
    EXPECT_EQ(forbidden.error_details(), unknown.error_details());
    EXPECT_EQ(forbidden.error_code(), unknown.error_code());
    EXPECT_THAT(other.Cases(), ::testing::IsEmpty());
    // Commands and references reveal no more than reads.
    auto assess = Addressed<v1::AssessRiskRequest>();
    assess.set_case_id(id);
    assess.mutable_fact()->set_risk(event::v1::RISK_HIGH);
    auto nowhere = assess;
    nowhere.set_case_id(NewUuid());
    const grpc::Status one =
        other.Ask<v1::CommandResult>("CaseworkService/AssessRisk", assess).status;
    const grpc::Status two =
        other.Ask<v1::CommandResult>("CaseworkService/AssessRisk", nowhere).status;
    EXPECT_EQ(one.error_code(), two.error_code());
    EXPECT_EQ(one.error_message(), two.error_message());
    EXPECT_EQ(one.error_details(), two.error_details());
  }
  // The list is read from a read model, which follows the ledger.
  EXPECT_TRUE(Eventually([&] { return minh.Cases() == std::vector<std::string>{id}; }));
}

TEST_F(RightsTest, ACaseOfAnotherAgencyIsNotOpened) {
  EXPECT_EQ(Open(Of("ctxh-qn", "minh"), "ca-tinh").status.error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(Open(Of("ctxh-qn", "nobody"), "ctxh-qn").status.error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(Open(Of("ctxh-qn", ""), "ctxh-qn").status.error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(RightsTest, TheAdministratorRunsTheSystemAndReadsNoCase) {
  const std::string id = Must(Open(Of("ctxh-qn", "minh"), "ctxh-qn")).record_id();
  EXPECT_EQ(Admin().GetCase(id).status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  // Also with another role beside.
  Grant("so-qn", "lan", "auditor");
  Person lan = Admin();
  lan.purpose = "audit";
  EXPECT_EQ(lan.GetCase(id).status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(RightsTest, ARoleThatEndedIsGoneWithTheNextCall) {
  const Person minh = Of("ctxh-qn", "minh");
  const std::string id = Must(Open(minh, "ctxh-qn")).record_id();
  EXPECT_TRUE(minh.GetCase(id).ok());
  End("ctxh-qn", "minh/case_worker");
  EXPECT_EQ(minh.GetCase(id).status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(Open(minh, "ctxh-qn").status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(RightsTest, AReferralOpensTheCaseOnAcceptanceToWhatWasSharedUntilTheConsentIsWithdrawn) {
  const Person minh = Of("ctxh-qn", "minh");
  const Person binh = Of("ca-tinh", "binh");
  const std::string id = Must(Open(minh, "ctxh-qn")).record_id();
  const std::string person = RegisterPerson(minh);
  AddClient(minh, id, person);
  auto consent = Addressed<v1::GiveConsentRequest>();
  consent.set_person_id(person);
  consent.mutable_fact()->set_consent_id("c1");
  consent.mutable_fact()->add_purposes("sharing");
  consent.mutable_fact()->set_given_by("self");
  Must(minh.Ask<v1::CommandResult>("PersonService/GiveConsent", consent));
  auto send = Addressed<v1::SendReferralRequest>();
  send.set_case_id(id);
  send.mutable_fact()->set_referral_id("r1");
  send.mutable_fact()->set_person_id(person);
  send.mutable_fact()->set_from_agency_id("ctxh-qn");
  send.mutable_fact()->set_to_agency_id("ca-tinh");
  send.mutable_fact()->set_service("legal");
  Must(minh.Ask<v1::CommandResult>("ReferralService/SendReferral", send));

  // An offer shows what is needed to answer it, and nobody.
  v1::ListReferralsRequest list;
  list.set_ledger("a");
  list.set_agency_id("ca-tinh");
  list.set_direction(v1::REFERRAL_DIRECTION_INBOX);
  ASSERT_TRUE(Eventually([&] {
    return Must(binh.Ask<v1::ListReferralsResponse>("ReferralService/ListReferrals", list))
               .referrals_size() == 1;
  }));
  const auto offered =
      Must(binh.Ask<v1::ListReferralsResponse>("ReferralService/ListReferrals", list));
  EXPECT_EQ(offered.referrals(0).person_id(), "");
  EXPECT_EQ(offered.referrals(0).age_group(), "18-59");
  EXPECT_EQ(binh.GetCase(id).status.error_code(), grpc::StatusCode::NOT_FOUND);

  auto accept = Addressed<v1::AcceptReferralRequest>();
  accept.set_case_id(id);
  accept.mutable_fact()->set_referral_id("r1");
  Must(binh.Ask<v1::CommandResult>("ReferralService/AcceptReferral", accept));
  EXPECT_TRUE(binh.GetCase(id).ok());
  const auto history = binh.Replay("a");
  ASSERT_TRUE(history.ok()) << history.status.error_message();
  for (const v1::RecordedEvent& event : history.value) {
    EXPECT_THAT(event.DebugString(), ::testing::Not(HasSubstr("Nguy")));
  }
  const auto trail = Trail();
  const auto disclosed = std::find_if(trail.begin(), trail.end(), [](const auto& event) {
    return event.fact().has_disclosure_made();
  });
  ASSERT_NE(disclosed, trail.end());
  // A stream says of each record once on what showing it rests.
  const auto streamed = std::count_if(trail.begin(), trail.end(), [&](const auto& event) {
    const auto& made = event.fact().disclosure_made();
    return made.access().action() == "ReplayLedger" && made.consent_id() == "c1" &&
           made.access().records(0).record_id() == id;
  });
  EXPECT_EQ(streamed, 1);
  EXPECT_EQ(disclosed->fact().disclosure_made().consent_id(), "c1");
  EXPECT_EQ(disclosed->fact().disclosure_made().recipient_agency_id(), "ca-tinh");

  auto withdraw = Addressed<v1::WithdrawConsentRequest>();
  withdraw.set_person_id(person);
  withdraw.mutable_fact()->set_consent_id("c1");
  Must(minh.Ask<v1::CommandResult>("PersonService/WithdrawConsent", withdraw));
  EXPECT_EQ(binh.GetCase(id).status.error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(RightsTest, AuditorsSeeNamesOnlyWithAWarrantAndNothingWithoutAPurpose) {
  const Person minh = Of("ctxh-qn", "minh");
  RegisterPerson(minh);
  Person auditor = Of("so-qn", "kiem");
  EXPECT_EQ(auditor.Replay("a").status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  const auto text = [&] {
    std::string all;
    const auto answer = auditor.Replay("a");
    EXPECT_TRUE(answer.ok()) << answer.status.error_message();
    for (const v1::RecordedEvent& event : answer.value) {
      if (event.fact().has_person_registered()) {
        all += event.fact().person_registered().attributes().private_part().full_name();
        EXPECT_EQ(event.redacted(), auditor.warrant.empty());
      }
    }
    return all;
  };
  auditor.purpose = "audit";
  EXPECT_EQ(text(), "");
  auditor.warrant = "QD-17";
  EXPECT_EQ(text(), "Nguyễn Thị Hoà");
}

TEST_F(RightsTest, EveryLookAndEveryRefusalIsOnTheTrail) {
  const Person minh = Of("ctxh-qn", "minh");
  const std::string id = Must(Open(minh, "ctxh-qn")).record_id();
  ASSERT_TRUE(minh.GetCase(id).ok());
  ASSERT_FALSE(Of("ca-tinh", "tam").GetCase(id).ok());
  ASSERT_FALSE(Of("ca-tinh", "tam").GetCase(NewUuid()).ok());
  int seen = 0;
  int refused = 0;
  int unknown = 0;
  for (const v1::RecordedEvent& entry : Trail()) {
    const event::v1::RecordAccessed& accessed = entry.fact().record_accessed();
    if (accessed.action() == "GetCase" && entry.actor() == "minh") {
      ++seen;
      ASSERT_EQ(accessed.records_size(), 1);
      EXPECT_EQ(accessed.records(0).record_id(), id);
      EXPECT_GT(accessed.rule_line(), 0U);
    }
    const event::v1::AccessDenied& denied = entry.fact().access_denied();
    if (denied.action() != "GetCase" || entry.actor() != "tam") continue;
    EXPECT_EQ(entry.agency(), "ca-tinh");
    if (denied.record().record_id() == id) {
      ++refused;
      EXPECT_EQ(denied.reason(), "NO_RELATION");
    } else {
      ++unknown;
      EXPECT_EQ(denied.reason(), "RECORD_UNKNOWN");
    }
  }
  EXPECT_EQ(seen, 1);
  EXPECT_EQ(refused, 1);
  EXPECT_EQ(unknown, 1);
}

TEST_F(RightsTest, AnOpenSubscriptionEndsWithTheAgencysCertificate) {
  const Person minh = Of("ctxh-qn", "minh");
  grpc::ClientContext context;
  minh.Prepare(context);
  v1::SubscribeRequest request;
  request.set_ledger("a");
  const auto reader = v1::HistoryService::NewStub(minh.channel())->Subscribe(&context, request);
  v1::SubscribeResponse response;
  while (response.state() != v1::SUBSCRIPTION_STATE_CAUGHT_UP) {
    ASSERT_TRUE(reader->Read(&response)) << reader->Finish().error_message();
  }
  pki_.Run("revoke", {"ctxh-qn"});
  EXPECT_FALSE(reader->Read(&response)) << "nothing more happens in the ledger";
  const grpc::Status ended = reader->Finish();
  EXPECT_EQ(ended.error_code(), grpc::StatusCode::UNAUTHENTICATED) << ended.error_message();
  EXPECT_EQ(Explain(ended).reason, "CERTIFICATE_REVOKED");
}

TEST_F(RightsTest, NobodyWritesToATrail) {
  auto request = Addressed<v1::RegisterAgencyRequest>();
  request.mutable_header()->set_ledger("a.access");
  request.set_agency_id("x");
  request.mutable_fact()->set_kind("centre");
  request.mutable_fact()->set_name_vi("X");
  const auto refused = Admin().Ask<v1::CommandResult>("DirectoryService/RegisterAgency", request);
  EXPECT_EQ(Explain(refused.status).reason, "TRAIL_LEDGER");
}

TEST_F(RightsTest, ExplainSaysWhichRuleDecidesAndTellsNothingElse) {
  const Person minh = Of("ctxh-qn", "minh");
  const std::string id = Must(Open(minh, "ctxh-qn")).record_id();
  v1::ExplainAccessRequest request;
  request.set_ledger("a");
  request.set_action("GetCase");
  request.set_record_kind(options::v1::RECORD_KIND_CASE_RECORD);
  request.set_record_id(id);
  const auto mine =
      Must(minh.Ask<v1::ExplainAccessResponse>("AccessService/ExplainAccess", request));
  EXPECT_TRUE(mine.allowed());
  EXPECT_THAT(mine.rule(), HasSubstr("owner_agency"));
  EXPECT_GT(mine.rule_line(), 0U);
  const Person tam = Of("ca-tinh", "tam");
  auto other = Must(tam.Ask<v1::ExplainAccessResponse>("AccessService/ExplainAccess", request));
  EXPECT_FALSE(other.allowed());
  EXPECT_EQ(other.reason(), "RECORD_UNKNOWN");
  request.set_record_id(NewUuid());
  const auto unknown =
      Must(tam.Ask<v1::ExplainAccessResponse>("AccessService/ExplainAccess", request));
  EXPECT_EQ(other.SerializeAsString(), unknown.SerializeAsString());
  request.set_person_name("minh");
  request.set_agency_id("ctxh-qn");
  request.set_record_id(id);
  EXPECT_FALSE(tam.Ask<v1::ExplainAccessResponse>("AccessService/ExplainAccess", request).ok());
}

TEST_F(RightsTest, RulesActFromTheirLoadingAndWrongOnesAreRefusedWithTheirLine) {
  const std::string text = ReadFile(CASELEDGER_RULES);
  const auto load = [&](const std::string& changed) {
    auto request = Addressed<v1::LoadAccessRulesRequest>();
    request.set_definition_id("access-rules");
    request.mutable_fact()->set_text(changed);
    return Admin().Ask<v1::CommandResult>("DirectoryService/LoadAccessRules", request);
  };
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string changed = text;
    changed.replace(changed.find("access-rules 1"), 14, "access-rules 2");
    EXPECT_NE(changed.find(from), std::string::npos) << from;
    return changed.replace(changed.find(from), from.size(), to);
  };
  const auto wrong = load(with("longest-break-glass 4 hours", "longest-break-glass 4 ours"));
  EXPECT_EQ(wrong.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(wrong.status.error_details(), HasSubstr("line "));

  const std::string id = Must(Open(Of("ctxh-qn", "minh"), "ctxh-qn")).record_id();
  const Person tam = Of("ca-tinh", "tam");
  v1::UseBreakGlassRequest use;
  use.set_ledger("a");
  use.set_case_id(id);
  use.set_reason("she does not answer");
  use.set_minutes(120);
  const auto ask = [&] {
    use.set_request_id(NewUuid());
    return tam.Ask<v1::UseBreakGlassResponse>("AccessService/UseBreakGlass", use);
  };
  Must(load(with("longest-break-glass 4 hours", "longest-break-glass 1 hour")));
  EXPECT_EQ(ask().status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_FALSE(tam.GetCase(id).ok());
  use.set_minutes(60);
  Must(ask());
  EXPECT_TRUE(tam.GetCase(id).ok()) << "to read, and nothing else";
  auto assess = Addressed<v1::AssessRiskRequest>();
  assess.set_case_id(id);
  assess.mutable_fact()->set_risk(event::v1::RISK_HIGH);
  EXPECT_FALSE(tam.Ask<v1::CommandResult>("CaseworkService/AssessRisk", assess).ok());
}

// Cases open and change hands, roles come and go; at every moment a list shows exactly what a get
// would.
TEST_F(RightsTest, AListNeverContainsWhatAGetDenies) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  std::mt19937_64 random(seed);
  const auto below = [&](size_t end) { return static_cast<size_t>(random() % end); };
  Grant("ca-tinh", "hung", "supervisor");
  const std::vector<Person> people{Of("ctxh-qn", "minh"), Of("ctxh-qn", "hoa"),
                                   Of("ca-tinh", "tam"),  Of("ca-tinh", "hung"),
                                   Of("ca-tinh", "binh"), Of("ctxh-qn", "")};
  std::vector<std::string> cases;
  bool minh_works = true;
  size_t shown = 0;
  size_t hidden = 0;
  for (int step = 0; step < 60; ++step) {
    const Person& person = people[below(4)];
    if (cases.empty() || below(3) == 0) {
      const auto opened = Open(person, person.agency());
      if (opened.ok()) cases.push_back(opened.value.record_id());
    } else if (below(3) == 0) {
      auto assign = Addressed<v1::AssignOwnerRequest>();
      assign.set_case_id(cases[below(cases.size())]);
      assign.mutable_fact()->set_owner_agency_id(below(2) == 0 ? "ctxh-qn" : "ca-tinh");
      person.Ask<v1::CommandResult>("CaseworkService/AssignOwner", assign);
    } else if (below(3) == 0) {
      const std::string grant = absl::StrCat("minh/", step);
      if (minh_works) {
        End("ctxh-qn", last_grant_);
      } else {
        GrantAs("ctxh-qn", grant, "minh", "case_worker");
        last_grant_ = grant;
      }
      minh_works = !minh_works;
    }
    if (step % 6 != 5) continue;
    // The list is read from a read model, which follows the ledger.
    for (const Person& reader : people) {
      ASSERT_TRUE(Eventually([&] {
        std::set<std::string> listed;
        v1::ListCasesRequest request;
        request.set_ledger("a");
        request.set_page_size(1000);
        const auto answer =
            reader.Ask<v1::ListCasesResponse>("DashboardService/ListCases", request);
        for (const v1::CaseRow& row : answer.value.cases()) listed.insert(row.case_id());
        bool complete = true;
        for (const std::string& id : cases) {
          const bool may_get = reader.GetCase(id).ok();
          EXPECT_TRUE(may_get || !listed.contains(id)) << reader.name() << " " << id;
          complete = complete && (!may_get || !answer.ok() || listed.contains(id));
          ++(may_get ? shown : hidden);
        }
        return complete;
      }));
    }
  }
  EXPECT_GT(shown, 0U);
  EXPECT_GT(hidden, 0U);
}

}  // namespace
}  // namespace caseledger::testing
