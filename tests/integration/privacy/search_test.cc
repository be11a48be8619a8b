// Persons are searched for over real gRPC, by those who may see them and by nobody else, until they
// are erased.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <future>
#include <random>
#include <set>

#include "caseledger/v1/access.pb.h"
#include "caseledger/v1/person.pb.h"
#include "projections/person_search/layout.h"
#include "projections/read_model/rocksdb/rocksdb_read_models.h"
#include "tests/integration/privacy/privacy_fixture.h"
#include "tests/integration/privacy/scan.h"
#include "tests/projections/person_search/sample.h"
#include "tests/projections/read_model/files_with.h"

namespace caseledger::testing {
namespace {

namespace fs = std::filesystem;
namespace search = projections::person_search;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

const Who kOfficer{"hoa", "so-qn", "privacy_officer", "data-subject-request"};
const Who kSecondOfficer{"binh", "so-qn", "privacy_officer", "data-subject-request"};
const Who kOperator{"tdv-3", "ctxh-qn", "hotline_operator"};
const Who kStranger{"nv-88", "ctxh-hp", "case_worker"};
const Who kDataSteward{"nhap-lieu", "so-qn", "data_steward"};

v1::SearchPersonsRequest ByName(const std::string& name) {
  v1::SearchPersonsRequest request;
  request.set_name(name);
  return request;
}
v1::SearchPersonsRequest ByPhone(const std::string& phone) {
  v1::SearchPersonsRequest request;
  request.set_phone(phone);
  return request;
}
v1::SearchPersonsRequest ByNumber(const std::string& number) {
  v1::SearchPersonsRequest request;
  request.set_identity_number(number);
  return request;
}

class PersonSearch : public PrivacyTest {
 protected:
  std::string Register(const std::string& name, const std::string& phone = "",
                       const std::string& number = "") {
    Client client(cast_, kPrivacyLedger);
    const std::string person = NewUuid();
    client.Record(person,
                  "person_registered { attributes { sex: 'female' birth_year: 1990 "
                  "private_part { full_name: '" +
                      name + "' phone: '" + phone + "' } } }");
    if (number.empty()) return person;
    client.Record(person,
                  "identifier_attached { identifier_id: 'a' identifier_kind: 'citizen_id' "
                  "private_part { number: '" +
                      number + "' } }");
    return person;
  }

  // Over all that is recorded now.
  Answer<v1::SearchPersonsResponse> Search(v1::SearchPersonsRequest request, const Who& who = {}) {
    Client client(cast_, kPrivacyLedger, who);
    client.Admit(who);
    request.set_min_position(client.EventCount() - 1);
    return client.Call<v1::SearchPersonsResponse>("PersonService/SearchPersons", request);
  }
  // Names and how they fit, the best first.
  std::vector<std::string> Found(const v1::SearchPersonsRequest& request, const Who& who = {}) {
    const auto answer = Search(request, who);
    EXPECT_TRUE(answer.ok()) << answer.status.error_message();
    std::vector<std::string> found;
    for (const v1::PersonMatch& match : answer.value.persons()) {
      found.push_back(match.full_name() + ": " + match.fit());
    }
    return found;
  }

  void As(const Who& who, const std::string& person, const std::string& fact) {
    Client client(cast_, kPrivacyLedger, who);
    const auto done = client.Send(CommandOf(person, fact));
    ASSERT_TRUE(done.ok()) << fact << ": " << done.status.error_message();
  }
  void PrepareErasure(const std::string& person) {
    As(Who{}, person,
       "data_request_received { request_id: 'r' request_kind: 'erasure' asked_by: 'self' "
       "channel: 'letter' }");
    As(kOfficer, person, "erasure_decided { request_id: 'r' }");
    As(kSecondOfficer, person, "erasure_approved { request_id: 'r' }");
  }
  void Erase(const std::string& person) {
    PrepareErasure(person);
    As(kOfficer, person, "person_erased { request_id: 'r' }");
  }

  // Keys of the token rows of these persons. No server may have the directory open.
  std::vector<std::string> TokenRows(const std::vector<std::string>& persons) {
    auto store = projections::OpenRocksDbReadModels({.path = ReadModels(), .env = nullptr}).value();
    std::vector<std::string> rows;
    const std::vector<std::string> tables = store->ListTables(kPrivacyLedger).value();
    for (const std::string& table : tables) {
      if (!table.starts_with("person-search@")) continue;
      const auto snapshot = store->OpenTable(kPrivacyLedger, table).value()->Snapshot();
      EXPECT_TRUE(snapshot
                      ->Scan(std::string(1, search::kTokenSpace),
                             std::string(1, search::kTokenSpace + 1),
                             [&](std::string_view key, std::string_view) {
                               for (const std::string& person : persons) {
                                 if (key.ends_with(Uuid::Parse(person)->raw())) {
                                   rows.emplace_back(key);
                                 }
                               }
                               return true;
                             })
                      .ok());
    }
    return rows;
  }
  std::string ReadModels() const { return data_dir_ + "/read-models"; }
  // How many of these are in the read models' files.
  size_t InFiles(const std::vector<std::string>& rows) const {
    return static_cast<size_t>(std::count_if(rows.begin(), rows.end(), [&](const auto& row) {
      return !projections::testing::FilesWith(row, ReadModels()).empty();
    }));
  }
};

TEST_F(PersonSearch, FindsAPersonAsTheyAreTold) {
  const std::string hoa = Register("Nguyễn Thị Hoà", "0169 123 4567", "022190001234");
  Register("Đào Văn Đức");
  EXPECT_THAT(Found(ByName("hoa")), ElementsAre("Nguyễn Thị Hoà: partial"));
  EXPECT_THAT(Found(ByName("dao van duc")), ElementsAre("Đào Văn Đức: same_without_marks"));
  EXPECT_THAT(Found(ByName("HÒA NGUYỄN")), ElementsAre("Nguyễn Thị Hoà: partial"));
  EXPECT_THAT(Found(ByName("Thị Hoà Nguyễn")), ElementsAre("Nguyễn Thị Hoà: swapped"));
  EXPECT_THAT(Found(ByPhone("+84391234567")), ElementsAre("Nguyễn Thị Hoà: exact"))
      << "recorded with the prefix of before 2018";
  EXPECT_THAT(Found(ByPhone("1234567")), ElementsAre("Nguyễn Thị Hoà: partial"));
  EXPECT_THAT(Found(ByNumber("022 190 001 234")), ElementsAre("Nguyễn Thị Hoà: exact"));
  EXPECT_THAT(Found(ByName("Hoàng")), IsEmpty());
  v1::SearchPersonsRequest begun = ByName("nguyen thi ho");
  EXPECT_THAT(Found(begun), IsEmpty());
  begun.set_last_word_unfinished(true);
  EXPECT_THAT(Found(begun), ElementsAre("Nguyễn Thị Hoà: partial"));
  v1::SearchPersonsRequest wrong = ByName("dao van duk");
  EXPECT_THAT(Found(wrong), IsEmpty());
  wrong.set_wider(true);
  EXPECT_THAT(Found(wrong), ElementsAre("Đào Văn Đức: similar"));

  const auto answer = Search(ByName("Nguyễn Thị Hoà"));
  ASSERT_THAT(answer.value.persons(), SizeIs(1));
  const v1::PersonMatch& match = answer.value.persons(0);
  EXPECT_EQ(match.person_id(), hoa);
  EXPECT_EQ(match.fit(), "exact");
  EXPECT_EQ(match.score(), 1.0);
  EXPECT_EQ(match.sex(), "female");
  EXPECT_EQ(match.birth_year(), 1990U);
  EXPECT_FALSE(answer.value.common_words_only());
  EXPECT_FALSE(answer.value.more_candidates());
  EXPECT_TRUE(Search(ByName("nguyễn thị")).value.common_words_only());
}

TEST_F(PersonSearch, WhatCannotBeLookedUpIsSaidOfItsFieldWithoutRepeatingIt) {
  v1::SearchPersonsRequest request = ByPhone("9876");
  request.set_name("!!!");
  const auto refused = Search(request);
  EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(Explain(refused.status).fields, ElementsAre("name", "phone"));
  EXPECT_THAT(refused.status.error_message() + refused.status.error_details(),
              Not(HasSubstr("9876")));
  EXPECT_THAT(Explain(Search({}).status).fields, ElementsAre("name"));
}

// Who calls a hotline may be the one the person fears, and may know somebody at a desk.
TEST_F(PersonSearch, OnlyWhoMaySeeThePersonFindsThem) {
  Register("Nguyễn Thị Hoà", "0391234567");
  EXPECT_THAT(Found(ByPhone("0391234567")), SizeIs(1));
  const auto known = Search(ByPhone("0391234567"), kOperator);
  const auto unknown = Search(ByPhone("0391234568"), kOperator);
  EXPECT_EQ(known.status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(known.status.error_message(), unknown.status.error_message());
  EXPECT_EQ(known.status.error_details(), unknown.status.error_details());

  const auto stranger = Search(ByPhone("0391234567"), kStranger);
  EXPECT_TRUE(stranger.ok()) << stranger.status.error_message();
  EXPECT_THAT(stranger.value.persons(), IsEmpty());
  EXPECT_FALSE(stranger.value.more_candidates());

  EXPECT_THAT(Found(ByPhone("0391234567"), kOfficer), SizeIs(1));
  Who silent = kOfficer;
  silent.purpose.clear();
  EXPECT_EQ(Search(ByPhone("0391234567"), silent).status.error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(Search(ByPhone("0391234567"), Cast::Administrator()).status.error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(PersonSearch, TheTrailNamesWhomTheAnswerNamesAndNotWhatWasAsked) {
  const std::string hoa = Register("Nguyễn Thị Hoà", "0391234567");
  const std::string mai = Register("Trần Thị Mai");
  EXPECT_THAT(Found(ByName("Nguyễn Thị Hoà")), SizeIs(1));
  const auto looks_at = [&](const std::string& person) {
    Client client(cast_, kPrivacyLedger);
    v1::ListAccessRequest request;
    request.set_record_kind(options::v1::RECORD_KIND_PERSON);
    request.set_record_id(person);
    const auto answer = client.Call<v1::ListAccessResponse>("AccessService/ListAccess", request);
    EXPECT_TRUE(answer.ok()) << answer.status.error_message();
    std::vector<std::string> looks;
    for (const v1::TrailEntry& entry : answer.value.entries()) {
      const std::string text = entry.DebugString();
      if (text.find("SearchPersons") != std::string::npos) looks.push_back(text);
    }
    return looks;
  };
  ASSERT_TRUE(Eventually([&] { return !looks_at(hoa).empty(); }));
  EXPECT_THAT(looks_at(hoa), ElementsAre(::testing::AllOf(HasSubstr("name=asked phone= identity"),
                                                          Not(HasSubstr("Nguy")))));
  EXPECT_THAT(looks_at(mai), IsEmpty());
}

TEST_F(PersonSearch, PagesGoThroughAllWhoFitTheBestFirst) {
  for (int i = 0; i < 5; ++i) Register(i % 2 == 0 ? "Lê Thị Sen" : "Lê Thị Sên");
  v1::SearchPersonsRequest request = ByName("Lê Thị Sen");
  request.set_page_size(2);
  std::vector<std::string> fits;
  std::set<std::string> ids;
  for (int pages = 0; pages < 4; ++pages) {
    const auto page = Search(request);
    ASSERT_TRUE(page.ok()) << page.status.error_message();
    for (const v1::PersonMatch& match : page.value.persons()) {
      fits.push_back(match.fit());
      ids.insert(match.person_id());
    }
    request.set_page_token(page.value.next_page_token());
    if (request.page_token().empty()) break;
  }
  EXPECT_THAT(fits, ElementsAre("exact", "exact", "exact", "other_marks", "other_marks"));
  EXPECT_THAT(ids, SizeIs(5));
  request.set_count_total(true);
  EXPECT_EQ(Search(request).value.total_size(), 5U);
  EXPECT_FALSE(Search(request).value.total_is_partial());
  v1::SearchPersonsRequest other = ByName("Lê Thị Mai");
  other.set_page_token(Search(request).value.next_page_token());
  ASSERT_NE(other.page_token(), "");
  EXPECT_EQ(Search(other).status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(PersonSearch, AfterAnErasureNothingIsFoundByAnybodyNorInTheReadModelsFiles) {
  const std::string erased = Register("Vũ Thị Xóa", "0912345678", "022190001234");
  const std::string merged = Register("Vũ Thị Xoá", "0912345679");
  const std::string kept = Register("Đỗ Văn Còn");
  As(Who{}, erased, "persons_merged { merged_person_id: '" + merged + "' }");
  const auto both = Search(ByName("vu thi xoa"));
  ASSERT_THAT(both.value.persons(), SizeIs(2));
  for (const v1::PersonMatch& match : both.value.persons()) {
    EXPECT_EQ(match.survivor_person_id(), match.person_id() == merged ? erased : "");
  }
  Stop();
  const std::vector<std::string> rows = TokenRows({erased, merged});
  EXPECT_GT(rows.size(), 20U);
  EXPECT_EQ(InFiles(rows), rows.size());
  EXPECT_THAT(TokenRows({kept}), Not(IsEmpty()));
  Start();
  Erase(erased);
  for (const Who& who : {Who{}, kOfficer}) {
    EXPECT_THAT(Found(ByName("vu thi xoa"), who), IsEmpty());
    EXPECT_THAT(Found(ByPhone("0912345678"), who), IsEmpty());
    EXPECT_THAT(Found(ByPhone("0912345679"), who), IsEmpty());
    EXPECT_THAT(Found(ByNumber("022190001234"), who), IsEmpty());
    EXPECT_THAT(Found(ByName("do van con"), who), SizeIs(1));
  }
  Stop();
  EXPECT_EQ(InFiles(rows), 0U);
  EXPECT_THAT(TokenRows({erased, merged}), IsEmpty());
  EXPECT_THAT(TokenRows({kept}), Not(IsEmpty()));
  const Scan scan =
      ScanFor({"Vũ Thị Xóa", "Vũ Thị Xoá", "912345678", "912345679", "022190001234"}, data_dir_);
  ExpectNothingFound(scan);
}

// The rows go with one commit and their bytes after it: whenever the server is killed, the next
// start makes good what was not reached.
TEST_F(PersonSearch, NothingIsLeftInTheFilesWheneverTheServerWasKilled) {
  constexpr int kRounds = 12;
  const unsigned seed = std::random_device{}();
  std::printf("seed %u\n", seed);
  std::mt19937 random(seed);
  std::vector<std::string> persons;
  for (int i = 0; i < kRounds; ++i) {
    persons.push_back(Register("Vũ Thị Xóa", "09123456" + std::to_string(10 + i)));
    PrepareErasure(persons.back());
  }
  EXPECT_THAT(Found(ByName("vu thi xoa")), SizeIs(kRounds));
  Stop();
  const std::vector<std::string> rows = TokenRows(persons);
  EXPECT_EQ(InFiles(rows), rows.size());
  for (const std::string& person : persons) {
    Start();
    Client officer(cast_, kPrivacyLedger, kOfficer);
    officer.Admit(kOfficer);
    officer.EventCount();  // it is connected
    auto sent = std::async(std::launch::async, [&] {
      return officer.Send(CommandOf(person, "person_erased { request_id: 'r' }")).status;
    });
    // No condition to wait for: any moment will do.
    sent.wait_for(std::chrono::microseconds(random() % 15'000));
    Kill();
    sent.get();
  }
  Start();
  const auto left = Search(ByName("vu thi xoa"));
  std::printf("%d of %d erasures were recorded before the kill\n",
              kRounds - left.value.persons_size(), kRounds);
  for (const v1::PersonMatch& match : left.value.persons()) {
    As(kOfficer, match.person_id(), "person_erased { request_id: 'r' }");
  }
  EXPECT_THAT(Found(ByName("vu thi xoa")), IsEmpty());
  Stop();
  EXPECT_EQ(InFiles(rows), 0U);
  EXPECT_THAT(TokenRows(persons), IsEmpty());
}

TEST_F(PersonSearch, WithoutTheVaultItSaysSoAndOtherListsAreServed) {
  Register("Nguyễn Thị Hoà");
  EXPECT_THAT(Found(ByName("hoa")), SizeIs(1));
  Stop();
  fs::rename(directory_ / "data/vault", directory_ / "vault-elsewhere");
  Start();
  Client client(cast_, kPrivacyLedger);
  const auto refused =
      client.Call<v1::SearchPersonsResponse>("PersonService/SearchPersons", ByName("hoa"));
  EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(Explain(refused.status).reason, "VAULT_UNAVAILABLE");
  EXPECT_THAT(Explain(refused.status).sentences["en"], HasSubstr("tell whoever runs"));
  EXPECT_THAT(Everything(), HasSubstr("sex: \"female\""));
  Stop();
  fs::rename(directory_ / "vault-elsewhere", directory_ / "data/vault");
  Start();
  EXPECT_THAT(Found(ByName("hoa")), SizeIs(1));
}

TEST_F(PersonSearch, TheProgramPrintsATableOrJsonAndReadsWhatIsNotToBeSeenFromItsInput) {
  // Nobody of the sample: what the program prints is kept and looked through.
  const std::string person = Register("Vũ Thuý Hoà", "0391234567");
  cast_.Admit(kPrivacyLedger, Who{});
  const auto run = [&](const std::string& input, const std::vector<std::string>& arguments) {
    std::vector<std::string> command = {
        "/bin/sh",  "-c",          "printf '%s\\n' \"$0\" | \"$@\"", input, CASELEDGER_PATH,
        "--ledger", kPrivacyLedger};
    for (const std::string& flag : cast_.ProgramFlags(Who{})) command.push_back(flag);
    command.insert(command.end(), {"person", "search"});
    command.insert(command.end(), arguments.begin(), arguments.end());
    return RunToEnd(command);
  };
  const Finished table = run("", {"--name", "hoa vu"});
  EXPECT_EQ(table.code, 0) << table.err;
  EXPECT_THAT(table.out, HasSubstr(person));
  EXPECT_THAT(table.out, HasSubstr("Vũ Thuý Hoà"));
  EXPECT_THAT(table.out, HasSubstr("partial"));
  const Finished json = run("039 123 4567", {"--phone", "-", "--format", "json"});
  EXPECT_EQ(json.code, 0) << json.err;
  EXPECT_THAT(json.out, HasSubstr("\"full_name\": \"Vũ Thuý Hoà\""));
  EXPECT_THAT(json.out, HasSubstr("\"fit\": \"exact\""));
  const Finished nobody = run("", {"--name", "Hoàng"});
  EXPECT_EQ(nobody.code, 0) << nobody.err;
  EXPECT_THAT(nobody.err, HasSubstr("--wider"));
  const Finished nothing = run("", {});
  EXPECT_EQ(nothing.code, 1);
  EXPECT_THAT(nothing.err, HasSubstr("give a name, a phone number or an identity number"));
}

TEST_F(PersonSearch, FindsEverybodyOfTheSample) {
  ProgramWell(kDataSteward, {"import", "deploy/sample/quang-ninh-2024-h1"});
  const std::vector<search::PersonText> persons = search::testing::SamplePersons();
  ASSERT_GT(persons.size(), 100U);
  size_t others = 0;
  for (const search::PersonText& person : persons) {
    const std::string& name = person.names.front();
    const auto finds = [&](const v1::SearchPersonsRequest& request) {
      const std::vector<std::string> found = Found(request, kOfficer);
      others += found.size();
      return std::any_of(found.begin(), found.end(),
                         [&](const std::string& one) { return one.starts_with(name + ":"); });
    };
    std::vector<std::string> words = search::testing::SplitWords(name);
    EXPECT_TRUE(finds(ByName(search::testing::WithoutMarks(name)))) << name;
    std::rotate(words.begin(), words.end() - 1, words.end());
    EXPECT_TRUE(finds(ByName(search::testing::JoinWords(words)))) << name << ", given name first";
    if (!person.phone.empty()) {
      EXPECT_TRUE(finds(ByPhone(person.phone))) << person.phone;
    }
    if (HasFailure()) return;
  }
  std::printf("%zu persons, each by name, by name turned round and by phone: %zu found in all\n",
              persons.size(), others);
}

}  // namespace
}  // namespace caseledger::testing
