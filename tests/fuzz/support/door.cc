#include "tests/fuzz/support/door.h"

#include <cstdlib>
#include <filesystem>
#include <utility>

#include "tests/fuzz/support/check.h"
#include "tests/support/identities.h"

namespace caseledger::fuzz {
namespace {

constexpr size_t kMostPurposeChars = 16;
constexpr size_t kMostHeaderChars = 300;

// What gRPC lets through in a header.
std::string HeaderText(FuzzedDataProvider& in, size_t most) {
  std::string text = in.ConsumeRandomLengthString(most);
  for (char& c : text) {
    if (c < ' ' || c > '~') c = '?';
  }
  return text;
}

}  // namespace

const std::vector<testing::Caller>& People() {
  static const auto& people = *new std::vector<testing::Caller>{
      {"linh",
       "hotline",
       {"case_worker", "data_steward", "shelter_manager", "supervisor"},
       "casework"},
      {"quan", "so-qn", {"administrator"}},
      {"tra", "thanh-tra", {"auditor"}, "audit", "QD-12/2026"},
      {"yen", "so-qn", {"privacy_officer"}, "complaint"},
      {"hoa", "hotline", {"hotline_operator"}},
      {"binh", "hospital", {"case_worker", "partner"}},
      {"nobody", "hospital"},
      {"", "hospital"}};
  return people;
}

Door& Door::Only() {
  static auto& door = *new Door;
  return door;
}

Door::Door() {
  namespace fs = std::filesystem;
  std::string scratch = (fs::temp_directory_path() / "caseledger-fuzz-XXXXXX").string();
  Check(mkdtemp(scratch.data()) != nullptr, "a temporary folder is made");
  testing::Identities identities(scratch + "/pki");
  access::AuthenticatorOptions options;
  options.paths = {
      identities.client_ca_file(), identities.revoked_file(), {identities.token_keys_file()}};
  options.token = {testing::kTestIssuer, testing::kTestAudience};
  options.clock = &clock_;
  auto opened = access::Authenticator::Open(std::move(options));
  Check(opened.ok(), "the identities are good: " + opened.status().ToString());
  authenticator_ = *std::move(opened);
  fs::remove_all(scratch);  // it was read, and is not looked at again
  for (const testing::Caller& person : People()) {
    papers_.push_back({identities.CertificateOf(person.agency).certificate_pem,
                       person.actor.empty() ? "" : identities.Bearer(person.agency, person.actor)});
  }
  foreign_certificate_ =
      testing::TestAuthority("another authority").IssueForAgency("hotline").certificate_pem;
}

bool Door::Tamper(FuzzedDataProvider& in, Papers& papers) const {
  switch (in.ConsumeIntegralInRange(0, 6)) {
    case 0:
      papers.certificate.clear();
      return false;
    case 1:
      papers.certificate = foreign_certificate_;
      return false;
    case 2:
      papers.certificate = in.ConsumeRandomLengthString(kMostHeaderChars);
      return false;
    case 3:
      papers.bearer = "?" + HeaderText(in, kMostHeaderChars);
      return false;
    case 4:
      papers.bearer = "Bearer " + HeaderText(in, kMostHeaderChars);
      return false;
    case 5: {
      if (papers.bearer.empty()) return true;
      const size_t at = in.ConsumeIntegralInRange<size_t>(std::string("Bearer ").size(),
                                                          papers.bearer.size() - 1);
      papers.bearer[at] = static_cast<char>(papers.bearer[at] ^ 1);
      return false;
    }
    default: {
      // Somebody's certificate with somebody else's token: good within one agency.
      const Papers& other = papers_[in.ConsumeIntegralInRange<size_t>(0, papers_.size() - 1)];
      const bool same_agency = other.certificate == papers.certificate;
      papers.certificate = other.certificate;
      return same_agency || papers.bearer.empty();
    }
  }
}

absl::StatusOr<access::Call> Door::Knock(FuzzedDataProvider& in) {
  const auto& people = People();
  const size_t drawn = in.ConsumeIntegralInRange<size_t>(0, 2 * people.size());
  const size_t who = drawn < people.size() ? drawn : 0;
  Papers papers = papers_[who];
  const bool tampered = in.ConsumeIntegralInRange(0, 15) == 15;
  const bool may_enter = !tampered || Tamper(in, papers);
  std::string purpose = people[who].purpose;
  std::string warrant = people[who].warrant;
  std::string traceparent;
  if (in.ConsumeIntegralInRange(0, 7) == 7) {
    purpose = HeaderText(in, kMostPurposeChars);
    warrant = HeaderText(in, kMostPurposeChars);
    traceparent = HeaderText(in, kMostHeaderChars);
  }
  absl::StatusOr<access::Call> call = authenticator_->Authenticate(
      {papers.certificate, papers.bearer, purpose, warrant, traceparent});
  if (!call.ok()) return call;
  Check(may_enter, "who has no good papers stays outside");
  Check(call->is_program == papers.bearer.empty(), "only who has no token is a program");
  Check(call->is_program || call->actor == people[who].actor, "the token says who calls");
  Check(call->is_program || call->agency == people[who].agency, "and for which agency");
  return call;
}

}  // namespace caseledger::fuzz
