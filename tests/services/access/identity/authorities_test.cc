#include "services/access/identity/authorities.h"

#include <string>

#include "gmock/gmock.h"
#include "tests/support/test_authority.h"

namespace caseledger::access {
namespace {

using ::testing::HasSubstr;
using testing::TestAuthority;
using testing::TestCertificate;

CertificateId IdOf(const TestCertificate& made) {
  const auto certificate = ParseCertificate(made.certificate_pem);
  return ReadAgencyCertificate(**certificate)->id;
}

absl::Status Issued(const Authorities& authorities, const TestCertificate& made) {
  return authorities.CheckIssued(**ParseCertificate(made.certificate_pem));
}

void ExpectRefused(const absl::Status& status, const std::string& why) {
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(why));
}

class AuthoritiesTest : public ::testing::Test {
 protected:
  TestAuthority one_{"one"};
  TestAuthority two_{"two"};
  TestAuthority same_name_{"one"};
};

TEST_F(AuthoritiesTest, VouchForWhatTheySignedThemselves) {
  const auto authorities = Authorities::Parse(one_.certificate_pem() + two_.certificate_pem());
  ASSERT_TRUE(authorities.ok()) << authorities.status();
  EXPECT_EQ(authorities->size(), 2u);
  EXPECT_TRUE(Issued(*authorities, one_.IssueForAgency("a")).ok());
  EXPECT_TRUE(Issued(*authorities, two_.IssueForAgency("a")).ok());
  EXPECT_TRUE(absl::IsUnauthenticated(Issued(*authorities, same_name_.IssueForAgency("a"))))
      << "the name alone is nothing";
  EXPECT_TRUE(
      absl::IsUnauthenticated(Issued(*authorities, TestAuthority("three").IssueForAgency("a"))));
}

TEST_F(AuthoritiesTest, AnIntermediateOneMustBeListed) {
  TestAuthority between = one_.Intermediate("between");
  const TestCertificate agency = between.IssueForAgency("a");
  EXPECT_FALSE(Issued(*Authorities::Parse(one_.certificate_pem()), agency).ok());
  EXPECT_TRUE(
      Issued(*Authorities::Parse(one_.certificate_pem() + between.certificate_pem()), agency).ok());
}

TEST_F(AuthoritiesTest, AFileHoldsAuthoritiesAlone) {
  ExpectRefused(Authorities::Parse("").status(), "no certificate");
  ExpectRefused(Authorities::Parse(one_.IssueForAgency("a").certificate_pem).status(),
                "may not issue");
  std::string cut = one_.certificate_pem();
  cut.resize(cut.size() / 2);
  ExpectRefused(Authorities::Parse(two_.certificate_pem() + cut).status(), "cannot be read");
  ExpectRefused(Authorities::Parse(std::string(Authorities::kMaxFileBytes + 1, 'x')).status(),
                "larger");
}

TEST_F(AuthoritiesTest, ListsNameWhatWasTakenBack) {
  const auto authorities = *Authorities::Parse(one_.certificate_pem() + two_.certificate_pem());
  const TestCertificate good = one_.IssueForAgency("a");
  const TestCertificate bad = one_.IssueForAgency("a");
  const TestCertificate other_bad = two_.IssueForAgency("b");
  one_.Revoke(bad);
  two_.Revoke(other_bad);
  const auto lists = Revocations::Parse(one_.List() + two_.List(), authorities);
  ASSERT_TRUE(lists.ok()) << lists.status();
  EXPECT_EQ(lists->size(), 2u);
  EXPECT_FALSE(lists->Contains(IdOf(good)));
  EXPECT_TRUE(lists->Contains(IdOf(bad)));
  EXPECT_TRUE(lists->Contains(IdOf(other_bad)));
  CertificateId elsewhere = IdOf(other_bad);
  elsewhere.serial = IdOf(bad).serial;
  EXPECT_FALSE(lists->Contains(elsewhere)) << "a number counts with its issuer";
}

TEST_F(AuthoritiesTest, TwoKeysOfOneNameAreTwoAuthorities) {
  const auto authorities =
      *Authorities::Parse(one_.certificate_pem() + same_name_.certificate_pem());
  const TestCertificate old_bad = one_.IssueForAgency("a");
  const TestCertificate new_bad = same_name_.IssueForAgency("b");
  one_.Revoke(old_bad);
  same_name_.Revoke(new_bad);
  const auto lists = Revocations::Parse(one_.List() + same_name_.List(), authorities);
  ASSERT_TRUE(lists.ok()) << lists.status();
  EXPECT_TRUE(lists->Contains(IdOf(old_bad)));
  EXPECT_TRUE(lists->Contains(IdOf(new_bad)));
  ExpectRefused(Revocations::Parse(one_.List(), authorities).status(), "no revocation list of one");
}

TEST_F(AuthoritiesTest, OfTwoListsTheNewerCounts) {
  const auto authorities = *Authorities::Parse(one_.certificate_pem());
  const std::string old = one_.List(1'000'000, 2'000'000);
  const TestCertificate bad = one_.IssueForAgency("a");
  one_.Revoke(bad);
  const std::string newer = one_.List(1'500'000, 3'000'000);
  for (const std::string& both : {old + newer, newer + old}) {
    const auto lists = Revocations::Parse(both, authorities);
    ASSERT_TRUE(lists.ok());
    EXPECT_TRUE(lists->Contains(IdOf(bad)));
    EXPECT_EQ(lists->next_update(), 3'000'000 * kMicrosPerSecond);
  }
}

TEST_F(AuthoritiesTest, ListsAreSignedByThemAndWhole) {
  const auto authorities = *Authorities::Parse(one_.certificate_pem());
  ExpectRefused(Revocations::Parse("", authorities).status(), "no revocation list in PEM");
  ExpectRefused(Revocations::Parse(two_.List(), authorities).status(), "none of the authorities");
  ExpectRefused(Revocations::Parse(same_name_.List(), authorities).status(),
                "none of the authorities");
  const std::string list = one_.List();
  ExpectRefused(Revocations::Parse(list.substr(0, list.size() / 2), authorities).status(), "");
  ExpectRefused(
      Revocations::Parse(one_.List() + list.substr(0, list.size() / 2), authorities).status(),
      "cannot be read");
  EXPECT_TRUE(Revocations::Parse(list, authorities).ok());
}

TEST_F(AuthoritiesTest, EveryChangedByteOfAListIsNoticed) {
  const auto authorities = *Authorities::Parse(one_.certificate_pem());
  const TestCertificate bad = one_.IssueForAgency("a");
  one_.Revoke(bad);
  const std::string list = one_.List();
  const size_t begin = list.find('\n') + 1;
  const size_t end = list.find("-----END");
  size_t changed = 0;
  for (size_t i = begin; i < end; ++i) {
    if (list[i] == '\n' || list[i] == '=') continue;
    std::string other = list;
    other[i] = other[i] == 'A' ? 'B' : 'A';
    const auto read = Revocations::Parse(other, authorities);
    if (read.ok()) {
      EXPECT_TRUE(read->Contains(IdOf(bad))) << "only spare bits changed, at " << i;
    } else {
      ++changed;
    }
  }
  EXPECT_GT(changed, 200u);
}

}  // namespace
}  // namespace caseledger::access
