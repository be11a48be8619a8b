// Records of one human are told to those who may see both, over real gRPC, until they are merged.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include "caseledger/v1/access.pb.h"
#include "caseledger/v1/person.pb.h"
#include "tests/integration/privacy/privacy_fixture.h"

namespace caseledger::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

const Who kOtherAgency{"nv-88", "ctxh-hp", "case_worker"};
const Who kSupervisor{"truong-phong", "ctxh-qn", "supervisor"};
const Who kPrivacyOfficer{"hoa", "so-qn", "privacy_officer", "data-subject-request"};
const Who kCaseWorker{"nv-17", "ctxh-qn", "case_worker"};
const Who kHotline{"tdv-3", "ctxh-qn", "hotline_operator"};

class DuplicatePersons : public PrivacyTest {
 protected:
  std::string Register(const std::string& name, const std::string& phone = "", uint32_t year = 0,
                       const Who& who = {}) {
    Client client(cast_, kPrivacyLedger, who);
    client.Admit(who);
    const std::string person = NewUuid();
    client.Record(person, "person_registered { attributes { sex: 'female' birth_year: " +
                              std::to_string(year) + " private_part { full_name: '" + name +
                              "' phone: '" + phone + "' } } }");
    return person;
  }
  Answer<v1::ListDuplicateCandidatesResponse> Ask(v1::ListDuplicateCandidatesRequest request,
                                                  const Who& who = {}) {
    Client client(cast_, kPrivacyLedger, who);
    client.Admit(who);
    request.set_min_position(client.EventCount() - 1);
    return client.Call<v1::ListDuplicateCandidatesResponse>("PersonService/ListDuplicateCandidates",
                                                            request);
  }
  static v1::ListDuplicateCandidatesRequest Of(const std::string& person) {
    v1::ListDuplicateCandidatesRequest request;
    request.set_person_id(person);
    return request;
  }
  using Pairs = std::multiset<std::set<std::string>>;
  // Pairs of ids, over all pages of so many.
  Pairs Told(v1::ListDuplicateCandidatesRequest request = {}, const Who& who = {},
             int64_t page_size = 0) {
    Pairs pairs;
    request.set_page_size(page_size);
    do {
      const auto answer = Ask(request, who);
      EXPECT_TRUE(answer.ok()) << answer.status.error_message();
      if (page_size > 0) {
        EXPECT_LE(answer.value.candidates_size(), page_size);
      }
      for (const v1::DuplicateCandidate& pair : answer.value.candidates()) {
        pairs.insert({pair.record().person_id(), pair.other().person_id()});
      }
      request.set_page_token(answer.value.next_page_token());
    } while (!request.page_token().empty() && !HasFailure());
    return pairs;
  }
  // Whether the trail says that something about the person left.
  bool Disclosed(const std::string& person) {
    v1::ListDisclosuresRequest request;
    request.set_person_id(person);
    const Client reader(cast_, kPrivacyLedger);
    const auto answer =
        reader.Call<v1::ListDisclosuresResponse>("AccessService/ListDisclosures", request);
    EXPECT_TRUE(answer.ok()) << answer.status.error_message();
    return answer.value.entries_size() > 0;
  }
  void Merge(const std::string& fact, const std::string& survivor, const std::string& merged) {
    Client client(cast_, kPrivacyLedger, kSupervisor);
    client.Admit(kSupervisor);
    const auto done =
        client.Send(CommandOf(survivor, fact + " { merged_person_id: '" + merged + "' }"));
    ASSERT_TRUE(done.ok()) << done.status.error_message();
  }
};

TEST_F(DuplicatePersons, AreListedWithWhatSpeaksForItUntilTheyAreMerged) {
  const std::string hoa = Register("Nguyễn Thị Hoà", "0391234567", 1990);
  const std::string same = Register("nguyen thi hoa", "0391234567", 1990);
  Register("Nguyễn Thị Hoà", "", 1961);
  Register("Đào Văn Đức", "0912000001", 1990);

  const auto answer = Ask({});
  ASSERT_TRUE(answer.ok()) << answer.status.error_message();
  ASSERT_THAT(answer.value.candidates(), SizeIs(1));
  const v1::DuplicateCandidate& pair = answer.value.candidates(0);
  EXPECT_THAT((std::set<std::string>{pair.record().full_name(), pair.other().full_name()}),
              UnorderedElementsAre("Nguyễn Thị Hoà", "nguyen thi hoa"));
  EXPECT_THAT(pair.reasons(), ElementsAre("phone", "name_same_without_marks", "birth_year", "sex"));
  EXPECT_GE(pair.weight(), 14);
  EXPECT_EQ(pair.record().birth_year(), 1990U);
  EXPECT_GE(answer.value.looked_at_persons(), 4U);
  EXPECT_EQ(Told(Of(hoa)), Pairs({{hoa, same}}));
  EXPECT_EQ(Told(Of(same)), Pairs({{hoa, same}}));

  Merge("persons_merged", hoa, same);
  EXPECT_THAT(Told(), IsEmpty());
  // A merge that was a mistake is not proposed again, unless somebody asks.
  Merge("merge_reversed", hoa, same);
  EXPECT_THAT(Told(), IsEmpty());
  v1::ListDuplicateCandidatesRequest parted;
  parted.set_include_parted(true);
  EXPECT_EQ(Told(parted), Pairs({{hoa, same}}));
  EXPECT_TRUE(Ask(parted).value.candidates(0).parted());
}

TEST_F(DuplicatePersons, AreToldOfByTheRecordThatGoesOn) {
  const std::string a = Register("Phùng Thanh Nga", "", 1990);
  const std::string b = Register("Phùng Thanh Nga", "", 1990);
  const std::string c = Register("Phùng Thanh Nga", "", 1990);
  EXPECT_THAT(Told(), SizeIs(3));
  Merge("persons_merged", a, b);
  EXPECT_EQ(Told(), Pairs({{a, c}}));
  // A name that only the merged record has speaks for the one that goes on.
  const std::string d = Register("Vũ Minh Khuê", "", 1972);
  const std::string e = Register("Vũ Minh Khuê", "", 1972);
  const std::string f = Register("Chị Khuê", "", 0);
  Merge("persons_merged", f, e);
  EXPECT_EQ(Told(Of(d)), Pairs({{d, e}}));
  const auto answer = Ask(Of(d));
  for (const v1::DuplicateCandidate& pair : answer.value.candidates()) {
    EXPECT_EQ(pair.other().survivor_person_id(), f);
  }
}

TEST_F(DuplicatePersons, AreToldToThoseWhoMaySeeBoth) {
  const std::string ours = Register("Nguyễn Thị Hoà", "0391234567", 1990);
  const std::string theirs = Register("Nguyễn Thị Hoà", "0391234567", 1990, kOtherAgency);
  EXPECT_THAT(Told(), IsEmpty());
  EXPECT_THAT(Told(Of(ours)), IsEmpty());
  EXPECT_THAT(Told({}, kOtherAgency), IsEmpty());
  EXPECT_FALSE(Ask(Of(theirs)).ok()) << "as if there were no such person";
  EXPECT_EQ(Told({}, kPrivacyOfficer), Pairs({{ours, theirs}}));

  const auto hotline = Ask({}, kHotline);
  EXPECT_EQ(hotline.status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  Who no_purpose = kPrivacyOfficer;
  no_purpose.purpose.clear();
  EXPECT_FALSE(Ask({}, no_purpose).ok());
}

TEST_F(DuplicatePersons, ComeInPagesEachPairOnce) {
  std::set<std::string> persons;
  for (int i = 0; i < 7; ++i) persons.insert(Register("Phùng Thanh Nga", "", 1990));
  Pairs all;
  for (const std::string& one : persons) {
    for (const std::string& other : persons) {
      if (one < other) all.insert({one, other});
    }
  }
  EXPECT_EQ(Told(), all);
  EXPECT_EQ(Told({}, {}, 1), all);
  EXPECT_EQ(Told({}, {}, 4), all);
  EXPECT_THAT(Told(Of(*persons.begin()), {}, 2), SizeIs(6));

  v1::ListDuplicateCandidatesRequest request;
  request.set_page_size(1);
  const std::string token = Ask(request).value.next_page_token();
  request.set_include_parted(true);
  request.set_page_token(token);
  EXPECT_EQ(Ask(request).status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

// The entry names both, and nobody who was only compared.
TEST_F(DuplicatePersons, ThatWereShownAreOnTheTrail) {
  const std::string hoa = Register("Nguyễn Thị Hoà", "0391234567", 1990);
  const std::string same = Register("nguyen thi hoa", "0391234567", 1990);
  const std::string other = Register("Nguyễn Thị Hoà", "", 1951);
  EXPECT_THAT(Told(), SizeIs(1));
  const auto looks_at = [&](const std::string& person) {
    const Client reader(cast_, kPrivacyLedger);
    v1::ListAccessRequest request;
    request.set_record_kind(options::v1::RECORD_KIND_PERSON);
    request.set_record_id(person);
    const auto answer = reader.Call<v1::ListAccessResponse>("AccessService/ListAccess", request);
    EXPECT_TRUE(answer.ok()) << answer.status.error_message();
    return std::count_if(answer.value.entries().begin(), answer.value.entries().end(),
                         [](const v1::TrailEntry& entry) {
                           return entry.DebugString().find("ListDuplicateCandidates") !=
                                  std::string::npos;
                         });
  };
  ASSERT_TRUE(Eventually([&] { return looks_at(hoa) == 1; }));
  EXPECT_EQ(looks_at(same), 1);
  EXPECT_EQ(looks_at(other), 0);
}

TEST_F(DuplicatePersons, AreFoundMergedAndPartedWithTheProgram) {
  // Names that the sample does not have: tests/checks/output.sh looks for those in what is printed.
  const std::string nga = Register("Phùng Thanh Nga", "0391234567", 1990);
  const std::string same = Register("phung thanh nga", "0391234567", 1990);
  const std::string table = ProgramWell(Who{}, {"person", "duplicates"});
  EXPECT_THAT(table, HasSubstr("Phùng Thanh Nga *1990"));
  EXPECT_THAT(table, HasSubstr("phone, name_same_without_marks, birth_year, sex"));
  EXPECT_THAT(ProgramWell(kSupervisor, {"person", "merge", nga, same}), HasSubstr("goes on"));
  const std::string none = ProgramWell(Who{}, {"person", "duplicates", nga, "--format", "json"});
  EXPECT_THAT(none, Not(HasSubstr("weight")));
  ProgramWell(kSupervisor, {"person", "part", nga, same});
  EXPECT_THAT(ProgramWell(Who{}, {"person", "duplicates", "--parted"}), HasSubstr("parted"));
  const ScratchDirectory scratch;
  ProgramWell(Who{}, {"person", "duplicates", "--parted", "--output", scratch / "pairs.csv",
                      "--language", "vi"});
  std::ifstream file(scratch / "pairs.csv");
  const std::string pairs((std::istreambuf_iterator<char>(file)), {});
  EXPECT_THAT(pairs, HasSubstr("Mức độ trùng (bit),Căn cứ,Đã tách sau khi gộp,"));
  EXPECT_THAT(pairs, HasSubstr("\"phone, name_same_without_marks, birth_year, sex\",có,"));
  EXPECT_THAT(pairs, HasSubstr("Phùng Thanh Nga,female,1990"));
  EXPECT_TRUE(Eventually([&] { return Disclosed(nga) && Disclosed(same); }));
  const Finished refused = Program(kCaseWorker, {"person", "merge", nga, same});
  EXPECT_NE(refused.code, 0) << "only a supervisor merges";
  EXPECT_THAT(refused.err, HasSubstr("ACCESS_DENIED"));
}

}  // namespace
}  // namespace caseledger::testing
