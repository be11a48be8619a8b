// What is held about a person, handed to them: by the `caseledger` program from a server, into
// files that are read again.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "caseledger/v1/access.pb.h"
#include "caseledger/v1/privacy.grpc.pb.h"
#include "google/protobuf/util/json_util.h"
#include "tests/integration/support/child_process.h"
#include "tests/integration/support/server_fixture.h"

namespace caseledger::testing {
namespace {

using ::testing::HasSubstr;

namespace fs = std::filesystem;

const Who kOfficer{"hoa", "so-qn", "privacy_officer", "data-subject-request"};
const Who kDataSteward{"nhap-lieu", "so-qn", "data_steward"};

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// Without printing all of it.
bool Has(const std::string& all, const std::string& text) {
  return all.find(text) != std::string::npos;
}

class PersonExport : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    for (const Who& who : {kOfficer, kDataSteward}) client().Admit(who);
  }

  Finished Run(const Who& who, const std::vector<std::string>& words) {
    std::vector<std::string> all{CASELEDGER_PATH};
    for (const std::string& flag : cast().ProgramFlags(who)) all.push_back(flag);
    all.insert(all.end(), words.begin(), words.end());
    return RunToEnd(all);
  }
  // Into a directory of its own; returns it.
  std::string Export(const std::string& person) {
    const std::string to = directory_ / ("export-" + std::to_string(exports_++));
    const Finished finished = Run(kOfficer, {"privacy", "export", person, "--to", to});
    EXPECT_EQ(finished.code, 0) << finished.err;
    table_ = finished.out;
    return to;
  }
  Answer<std::vector<v1::ExportPersonDataResponse>> Ask(const std::string& person, const Who& who) {
    Client caller(cast(), "", who);
    client().Admit(who);
    auto stub = v1::PrivacyService::NewStub(caller.channel());
    grpc::ClientContext context;
    caller.Prepare(context);
    v1::ExportPersonDataRequest request;
    request.set_person_id(person);
    const auto stream = stub->ExportPersonData(&context, request);
    Answer<std::vector<v1::ExportPersonDataResponse>> answer;
    v1::ExportPersonDataResponse page;
    while (stream->Read(&page)) answer.value.push_back(page);
    answer.status = stream->Finish();
    return answer;
  }

  std::string Register(const std::string& name) {
    return client()
        .Record("", "person_registered { attributes { sex: 'female' private_part { full_name: '" +
                        name + "' } } }")
        .record_id();
  }
  std::string ContactOf(const std::string& role, const std::string& caller) {
    return client()
        .Record("", "contact_received { channel: 'phone' caller_role: '" + role +
                        "' note { text: 'said by " + caller + "' } private_part { caller_name: '" +
                        caller + "' } }")
        .record_id();
  }
  // A case with its own note and plan, and one note about each person.
  std::string CaseOf(const std::string& name,
                     const std::vector<std::pair<std::string, std::string>>& persons,
                     const std::string& contact = "") {
    const std::string id =
        client()
            .Record("",
                    "case_opened { case_type: 'gender_based_violence' owner_agency_id: "
                    "'ctxh-qn' owner_worker_id: 'nv-12' " +
                        (contact.empty() ? "" : "source_contact_id: '" + contact + "' ") +
                        "note { text: 'opening of " + name + "' } }")
            .record_id();
    for (const auto& [person, role] : persons) {
      client().Record(id, "participant_added { person_id: '" + person +
                              "' role: PARTICIPANT_ROLE_" + role + " }");
    }
    client().Record(id,
                    "plan_drafted { plan_id: 'p' private_part { text: 'plan of " + name + "' } }");
    for (size_t i = 0; i < persons.size(); ++i) {
      client().Record(id, "risk_assessed { risk: RISK_HIGH findings { text: 'findings " +
                              std::to_string(i) + " of " + name + "' about_person_ids: '" +
                              persons[i].first + "' } }");
    }
    return id;
  }

  int exports_ = 0;
  std::string table_;  // what the program printed last
};

TEST_F(PersonExport, GivesWhatIsAboutThePersonAndNobodyElse) {
  const std::string her = Register("Vũ Thị Hoà");
  const std::string other = Register("Đỗ Văn Khác");
  const std::string merged = Register("Vũ Hoà Hai");
  client().Record(her,
                  "identifier_attached { identifier_id: 'a' identifier_kind: 'citizen_id' "
                  "private_part { number: '022190001234' } }");
  client().Record(her,
                  "relationship_recorded { other_person_id: '" + other + "' relation: 'spouse' }");
  client().Record(other,
                  "relationship_recorded { other_person_id: '" + her + "' relation: 'spouse' }");
  CaseOf("alone", {{her, "CLIENT"}}, ContactOf("victim", "Vũ Thị Hoà"));
  CaseOf("reported", {{merged, "CLIENT"}, {other, "ALLEGED_PERPETRATOR"}},
         ContactOf("neighbour", "Bà Hàng Xóm"));
  CaseOf("shared", {{her, "CLIENT"}, {other, "CLIENT"}}, ContactOf("official", "Cán Bộ Xã"));
  CaseOf("along", {{other, "CLIENT"}, {her, "COMPANION"}});
  const std::string accused = CaseOf("accused", {{other, "CLIENT"}, {her, "ALLEGED_PERPETRATOR"}});
  client().Record(her, "persons_merged { merged_person_id: '" + merged + "' }");

  const std::string directory = Export(her);
  for (const std::string file : {"/data.jsonl", "/data.html"}) {
    const std::string given = ReadFile(directory + file);
    for (const char* hers :
         {"Vũ Thị Hoà", "Vũ Hoà Hai", "022190001234", "said by Vũ Thị Hoà", "opening of alone",
          "plan of alone", "findings 0 of alone", "opening of reported", "plan of reported",
          "findings 0 of reported", "findings 0 of shared", "findings 1 of along"}) {
      EXPECT_TRUE(Has(given, hers)) << hers << file;
    }
    for (const std::string& not_hers :
         {std::string("Đỗ Văn Khác"), std::string("Bà Hàng Xóm"), std::string("neighbour"),
          std::string("Cán Bộ Xã"), std::string("findings 1 of reported"),
          std::string("opening of shared"), std::string("plan of shared"),
          std::string("findings 1 of shared"), std::string("opening of along"),
          std::string("plan of along"), std::string("findings 0 of along"), std::string("accused"),
          accused, other}) {
      EXPECT_FALSE(Has(given, not_hers)) << not_hers << file;
    }
    EXPECT_FALSE(Has(given, "nv-07")) << "who wrote it is not data of the person";
  }
  // The officer is told what there is besides; the files do not say it.
  EXPECT_THAT(table_, HasSubstr(accused));
  EXPECT_THAT(table_, HasSubstr("not cared for"));
  EXPECT_THAT(table_, HasSubstr(other)) << "their record names her";
  EXPECT_EQ(fs::status(directory).permissions(), fs::perms::owner_all);
}

TEST_F(PersonExport, IsToBeReadByPeopleAndByMachines) {
  const std::string her = Register("Vũ Thị Hoà & <Con>");
  const std::string wrong = client()
                                .Record(her,
                                        "safe_contact_rule_set { may_call: true private_part { "
                                        "how: 'sau 20 giờ' } }")
                                .events(0)
                                .event_id();
  client().Record(her, "fact_corrected { target_event_id: '" + wrong +
                           "' replacement { safe_contact_rule_set { may_call: false } } "
                           "reason: 'misheard' }");
  const std::string directory = Export(her);
  std::ifstream lines(directory + "/data.jsonl");
  std::vector<v1::PersonDataEvent> events;
  for (std::string line; std::getline(lines, line);) {
    v1::PersonDataEvent event;
    ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(line, &event).ok()) << line;
    events.push_back(event);
  }
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0].event().fact().person_registered().attributes().private_part().full_name(),
            "Vũ Thị Hoà & <Con>");
  EXPECT_EQ(events[1].event().superseded_by_event_id(), events[2].event().event_id());
  const std::string page = ReadFile(directory + "/data.html");
  for (const char* text : {"Vũ Thị Hoà &amp; &lt;Con&gt;", "Lập hồ sơ cá nhân", "Họ và tên",
                           "Giới tính", "class=\"superseded\"", "sau 20 giờ"}) {
    EXPECT_TRUE(Has(page, text)) << text;
  }
  EXPECT_THAT(ReadFile(directory + "/README.txt"), HasSubstr("data.html"));

  const Finished again = Run(kOfficer, {"privacy", "export", her, "--to", directory});
  EXPECT_EQ(again.code, 1);
  EXPECT_THAT(again.err, HasSubstr("is not empty"));
}

TEST_F(PersonExport, IsForThePrivacyOfficerAloneAndGoesOnTheTrail) {
  const std::string her = Register("Vũ Thị Hoà");
  const std::string case_id = CaseOf("alone", {{her, "CLIENT"}});
  for (const Who& who :
       {Who{}, Who{"an", "ctxh-qn", "supervisor"}, Cast::Auditor(), Cast::Administrator()}) {
    EXPECT_EQ(Ask(her, who).status.error_code(), grpc::StatusCode::PERMISSION_DENIED) << who.roles;
  }
  const auto given = Ask(her, kOfficer);
  ASSERT_TRUE(given.ok()) << given.status.error_message();

  Client officer(cast(), "", kOfficer);
  v1::ListAccessRequest request;
  request.set_record_kind(options::v1::RECORD_KIND_CASE_RECORD);
  request.set_record_id(case_id);
  EXPECT_TRUE(Eventually([&] {
    const auto answer = officer.Call<v1::ListAccessResponse>("AccessService/ListAccess", request);
    EXPECT_TRUE(answer.ok()) << answer.status.error_message();
    return answer.value.ShortDebugString().find("ExportPersonData") != std::string::npos;
  }));

  EXPECT_EQ(Ask(NewUuid(), kOfficer).status.error_code(), grpc::StatusCode::NOT_FOUND);
  const std::string survivor = Register("Vũ Hoà Một");
  client().Record(survivor, "persons_merged { merged_person_id: '" + her + "' }");
  const auto away = Ask(her, kOfficer);
  EXPECT_EQ(away.status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(Explain(away.status).reason, "MERGED_AWAY");
}

// No page holds more than gRPC lets through, however much there is.
TEST_F(PersonExport, GivesLongRecordsInPages) {
  const std::string her = Register("Vũ Thị Hoà");
  const std::string case_id = CaseOf("long", {{her, "CLIENT"}});
  const std::string text(9'000, 'x');
  constexpr int kNotes = 300;
  for (int i = 0; i < kNotes; ++i) {
    client().Record(case_id, "risk_assessed { risk: RISK_LOW findings { text: '" +
                                 std::to_string(i) + text + "' } }");
  }
  const auto given = Ask(her, kOfficer);
  ASSERT_TRUE(given.ok()) << given.status.error_message();
  EXPECT_GT(given.value.size(), 1U);
  std::set<uint64_t> revisions;
  for (const auto& page : given.value) {
    for (const auto& event : page.events()) {
      if (event.event().record_id() != case_id) continue;
      EXPECT_TRUE(revisions.insert(event.event().revision()).second) << "twice";
    }
  }
  EXPECT_EQ(revisions.size(), size_t{kNotes} + 4);
}

// Its agencies come with it, so none of the callers is of one; long after all of it.
class PersonExportOfTheSample : public PersonExport {
 protected:
  void SetUp() override {
    caller_ = kDataSteward;
    AdvanceSeconds(1'000 * 86'400);
    PersonExport::SetUp();
  }
};

// Of everybody in the sample: what is about somebody else is in nobody's copy.
TEST_F(PersonExportOfTheSample, NamesNobodyElse) {
  const Finished imported = Run(kDataSteward, {"import", "deploy/sample/quang-ninh-2024-h1"});
  ASSERT_EQ(imported.code, 0) << imported.err;
  std::ifstream file("deploy/sample/quang-ninh-2024-h1/persons.csv");
  std::map<std::string, std::vector<std::string>> persons;  // name and phone by id
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::vector<std::string> cells;
    std::stringstream row(line);
    for (std::string cell; std::getline(row, cell, ',');) cells.push_back(cell);
    ASSERT_GE(cells.size(), 5U) << line;
    persons[cells[0]] = {cells[1], cells[4]};
  }
  ASSERT_GT(persons.size(), 100U);
  for (const auto& [id, texts] : persons) {
    const auto given = Ask(id, kOfficer);
    ASSERT_TRUE(given.ok()) << id << given.status.error_message();
    std::string all;
    for (const auto& page : given.value) {
      for (const auto& event : page.events()) all += event.SerializeAsString();
    }
    EXPECT_TRUE(Has(all, texts[0])) << id;
    for (const auto& [other, others] : persons) {
      for (size_t i = 0; i < others.size(); ++i) {
        // Names are few, and one may be part of another.
        const bool same = others[i].empty() || texts[i].find(others[i]) != std::string::npos;
        if (other == id || same) continue;
        EXPECT_FALSE(Has(all, others[i])) << "of " << other << " in that of " << id;
      }
    }
  }
}

}  // namespace
}  // namespace caseledger::testing
