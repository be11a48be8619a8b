// One who may only ask: does a record that is there and forbidden answer otherwise, or later, than
// one that is not there? A real server over TLS, a member of staff of another agency.
//
//   timing_test [--rounds N]
//
//   --rounds N   records of each kind, each asked about twice; default 40, which shows only that
//                the answers are the same. 3000 takes a minute and says how long they take.
//
// Beside each comparison stands the same one of records that do not differ: what it shows is noise.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "caseledger/v1/access.grpc.pb.h"
#include "caseledger/v1/casework.grpc.pb.h"
#include "caseledger/v1/directory.grpc.pb.h"
#include "tests/attack/ranks.h"
#include "tests/integration/support/child_process.h"
#include "tests/integration/support/client.h"
#include "tests/integration/support/scratch_directory.h"
#include "tests/support/identities.h"
#include "tests/support/identity_channels.h"
#include "tests/support/test_flags.h"

namespace caseledger::testing {
namespace {

using Clock = std::chrono::steady_clock;

size_t rounds = 40;

constexpr char kOwner[] = "ctxh-qn";
constexpr char kOther[] = "ca-tinh";
constexpr int kWarmUp = 50;

enum Group { kForbidden, kUnknown };
constexpr const char* kGroupNames[] = {"forbidden", "unknown"};

// A record to ask about. `half`: for the control, the group is compared with itself.
struct Target {
  std::string id;
  Group group;
  bool half;
};

// One member of staff, on a connection of their own.
class Person {
 public:
  Person(Identities& identities, const std::string& address, const std::string& agency,
         const std::string& name)
      : bearer_(identities.Bearer(agency, name)) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    channel_ =
        grpc::CreateCustomChannel(address, ChannelCredentialsOf(identities, agency), arguments);
  }

  template <typename Service, typename Request, typename Response>
  grpc::Status Call(grpc::Status (Service::Stub::*method)(grpc::ClientContext*, const Request&,
                                                          Response*),
                    const Request& request, Response* response) const {
    grpc::ClientContext context;
    context.AddMetadata("authorization", bearer_);
    context.AddMetadata("caseledger-purpose", "services");
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    const auto stub = Service::NewStub(channel_);
    return (stub.get()->*method)(&context, request, response);
  }

  // A command that must be accepted.
  template <typename Service, typename Request>
  std::string Do(grpc::Status (Service::Stub::*method)(grpc::ClientContext*, const Request&,
                                                       v1::CommandResult*),
                 Request request) const {
    request.mutable_header()->set_request_id(NewUuid());
    v1::CommandResult result;
    const grpc::Status status = Call<Service>(method, request, &result);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return result.record_id();
  }

 private:
  std::string bearer_;
  std::shared_ptr<grpc::Channel> channel_;
};

using Ask = std::function<grpc::Status(const std::string& id)>;

// The same words of all answers, and their times by group and half.
struct Answers {
  std::vector<double> microseconds[2][2];
  std::vector<double> Of(Group group) const {
    std::vector<double> all = microseconds[group][0];
    all.insert(all.end(), microseconds[group][1].begin(), microseconds[group][1].end());
    return all;
  }
};

class TimingTest : public ::testing::Test {
 protected:
  TimingTest()
      : seed_(std::random_device{}()),
        random_(seed_),
        identities_(scratch_ / "pki"),
        server_(Bootstrapped(), {"a"}, Flags()),
        administrator_(identities_, server_.address(), "so-qn", "lan") {
    for (const char* agency : {kOwner, kOther}) Register(agency);
    Grant(kOwner, "minh", "case_worker");
    Grant(kOther, "tam", "case_worker");
    Grant(kOther, "hung", "supervisor");
    MakeTargets();
  }

  // The data directory, with the first administrator and the delivered rules.
  std::string Bootstrapped() {
    const Finished made =
        RunToEnd({CASELEDGER_PATH, "access", "bootstrap", "--data-dir", scratch_ / "data", "--of",
                  "a", "--administrator", "so-qn/lan", "--rules", CASELEDGER_RULES});
    EXPECT_EQ(made.code, 0) << made.err;
    return scratch_ / "data";
  }

  // One after the other is as fast as the server answers, which is no flood.
  std::vector<std::string> Flags() const {
    std::vector<std::string> flags = identities_.ServerFlags();
    flags.insert(flags.end(), {"--agency-calls-per-second", "0"});
    return flags;
  }

  Person Of(const std::string& agency, const std::string& name) {
    return {identities_, server_.address(), agency, name};
  }
  void Register(const std::string& agency) {
    v1::RegisterAgencyRequest request;
    request.set_agency_id(agency);
    request.mutable_fact()->set_kind("centre");
    request.mutable_fact()->set_name_vi("Trung tâm");
    administrator_.Do<v1::DirectoryService>(&v1::DirectoryService::Stub::RegisterAgency, request);
  }
  void Grant(const std::string& agency, const std::string& person, const std::string& role) {
    v1::GrantRoleRequest request;
    request.set_agency_id(agency);
    request.mutable_fact()->set_grant_id(person + "/" + role);
    request.mutable_fact()->set_person_name(person);
    request.mutable_fact()->set_role(role);
    administrator_.Do<v1::DirectoryService>(&v1::DirectoryService::Stub::GrantRole, request);
  }

  static v1::AssessRiskRequest RiskOf(const std::string& case_id) {
    v1::AssessRiskRequest request;
    request.set_case_id(case_id);
    request.mutable_fact()->set_risk(event::v1::RISK_HIGH);
    return request;
  }

  // Cases of the other agency, with a second event, and ids of nothing.
  void MakeTargets() {
    const Person minh = Of(kOwner, "minh");
    v1::OpenCaseRequest open;
    open.mutable_fact()->set_case_type("gender_based_violence");
    open.mutable_fact()->set_owner_agency_id(kOwner);
    for (size_t i = 0; i < rounds; ++i) {
      const std::string id =
          minh.Do<v1::CaseworkService>(&v1::CaseworkService::Stub::OpenCase, open);
      minh.Do<v1::CaseworkService>(&v1::CaseworkService::Stub::AssessRisk, RiskOf(id));
      targets_.push_back({id, kForbidden, i % 2 == 0});
      targets_.push_back({NewUuid(), kUnknown, i % 2 == 0});
    }
  }

  // Asks about every target once, in random order.
  Answers AskAll(const Ask& ask) {
    std::shuffle(targets_.begin(), targets_.end(), random_);
    const grpc::Status first = ask(NewUuid());
    EXPECT_EQ(first.error_code(), grpc::StatusCode::NOT_FOUND) << first.error_message();
    for (int i = 0; i < kWarmUp; ++i) ask(NewUuid());
    Answers answers;
    for (const Target& target : targets_) {
      const Clock::time_point begin = Clock::now();
      const grpc::Status status = ask(target.id);
      const std::chrono::duration<double, std::micro> taken = Clock::now() - begin;
      answers.microseconds[target.group][target.half].push_back(taken.count());
      EXPECT_EQ(status.error_code(), first.error_code()) << kGroupNames[target.group];
      EXPECT_EQ(status.error_message(), first.error_message()) << kGroupNames[target.group];
      EXPECT_EQ(status.error_details(), first.error_details()) << kGroupNames[target.group];
    }
    return answers;
  }

  // Every target is new to the server's caches at first, and known again.
  void Compare(const char* what, const Ask& ask) {
    std::printf("seed %llu, %zu records of each kind\n", static_cast<unsigned long long>(seed_),
                rounds);
    for (const char* when : {"first", "again"}) Print(what, when, AskAll(ask));
  }

  static void Print(const char* what, const char* when, const Answers& answers) {
    for (const Group group : {kForbidden, kUnknown}) {
      const std::vector<double> times = answers.Of(group);
      ASSERT_EQ(times.size(), rounds);
      std::printf("%-11s %s  %-9s  median %7.1f us  p90 %7.1f us\n", what, when, kGroupNames[group],
                  Quantile(times, 0.5), Quantile(times, 0.9));
    }
    const double chance = ChanceOfLarger(answers.Of(kForbidden), answers.Of(kUnknown));
    EXPECT_GE(chance, 0);
    EXPECT_LE(chance, 1);
    std::printf("%-11s %s  forbidden later than unknown: %.3f", what, when, chance);
    for (const Group group : {kForbidden, kUnknown}) {
      std::printf("   %s/%s: %.3f", kGroupNames[group], kGroupNames[group],
                  ChanceOfLarger(answers.microseconds[group][0], answers.microseconds[group][1]));
    }
    std::printf("   by chance 0.5 +- %.3f (halves %.3f)\n", ByChanceAlone(rounds, rounds),
                ByChanceAlone(rounds / 2, rounds / 2));
  }

  const uint64_t seed_;
  std::mt19937_64 random_;
  ScratchDirectory scratch_;
  Identities identities_;
  ServerProcess server_;
  Person administrator_;
  std::vector<Target> targets_;
};

TEST_F(TimingTest, OfACaseThatOneAsksFor) {
  const Person tam = Of(kOther, "tam");
  Compare("GetCase", [&](const std::string& id) {
    v1::GetCaseRequest request;
    request.set_case_id(id);
    v1::GetCaseResponse response;
    return tam.Call<v1::CaseworkService>(&v1::CaseworkService::Stub::GetCase, request, &response);
  });
}

TEST_F(TimingTest, OfACommandAboutACase) {
  const Person tam = Of(kOther, "tam");
  Compare("AssessRisk", [&](const std::string& id) {
    v1::AssessRiskRequest request = RiskOf(id);
    request.mutable_header()->set_request_id(NewUuid());
    v1::CommandResult result;
    return tam.Call<v1::CaseworkService>(&v1::CaseworkService::Stub::AssessRisk, request, &result);
  });
}

TEST_F(TimingTest, OfAListAboutACase) {
  const Person hung = Of(kOther, "hung");
  Compare("ListAccess", [&](const std::string& id) {
    v1::ListAccessRequest request;
    request.set_record_kind(options::v1::RECORD_KIND_CASE_RECORD);
    request.set_record_id(id);
    v1::ListAccessResponse response;
    return hung.Call<v1::AccessService>(&v1::AccessService::Stub::ListAccess, request, &response);
  });
}

TEST(RanksTest, SayHowOftenOneIsLarger) {
  EXPECT_DOUBLE_EQ(ChanceOfLarger({4, 5, 6}, {1, 2, 3}), 1);
  EXPECT_DOUBLE_EQ(ChanceOfLarger({1, 2, 3}, {4, 5, 6}), 0);
  EXPECT_DOUBLE_EQ(ChanceOfLarger({1, 2, 2, 3}, {3, 2, 1, 2}), 0.5);
  EXPECT_DOUBLE_EQ(ChanceOfLarger({2}, {1, 1, 2, 3}), 0.625);
  EXPECT_DOUBLE_EQ(Quantile({5, 1, 4, 2, 3}, 0.5), 3);
  EXPECT_DOUBLE_EQ(Quantile({5, 1, 4, 2, 3}, 1), 5);
}

}  // namespace

int Main(int argc, char** argv) {
  return RunTestsWithFlags(argc, argv, [](std::string_view name, const char* value) {
    if (name != "--rounds") return;
    rounds = static_cast<size_t>(std::max(2L, std::strtol(value, nullptr, 10)));
  });
}

}  // namespace caseledger::testing

int main(int argc, char** argv) { return caseledger::testing::Main(argc, argv); }
