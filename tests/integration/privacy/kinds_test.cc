// Whom an erasure may be of: the only client of a case, a companion, a client of several cases, and
// a person whose records were merged. Of each it leaves nothing in histories, in what was written
// down when somebody broke the glass, and in searches; and proofs of their cases hold as before.
#include <functional>
#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "caseledger/v1/access.pb.h"
#include "caseledger/v1/person.pb.h"
#include "tests/integration/privacy/reach_fixture.h"

namespace caseledger::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kTrail[] = "quang-ninh.access";
constexpr char kOther[] = "Đỗ Văn Còn";
const Who kAmbulance{"lan", "ctxh-qn", "case_worker"};
const Who kReviewer{"minh", "ctxh-qn", "supervisor"};

// Names and phones of the records that are erased together, and their cases.
struct Erased {
  std::string person;  // the one it is decided on
  std::vector<std::string> names;
  std::vector<std::string> phones;
  std::vector<std::string> cases;
};

class KindsOfErasure : public ReachOfAnErasure {
 public:
  std::string RegisterWithPhone(Erased& erased, const std::string& name, const std::string& phone) {
    const std::string person = Register(name);
    Client client(cast_, kPrivacyLedger);
    client.Record(person,
                  "person_amended { attributes { sex: 'female' private_part { full_name: '" + name +
                      "' phone: '" + phone + "' } } }");
    erased.names.push_back(name);
    erased.phones.push_back(phone);
    return person;
  }
  Erased OnlyClient() {
    Erased erased;
    erased.person = RegisterWithPhone(erased, "Vũ Thị Xóa", "0912345678");
    erased.cases = {CaseOf("one", {{erased.person, "CLIENT"}}, ContactOf("Người Gọi"))};
    return erased;
  }
  Erased Companion() {
    Erased erased;
    erased.person = RegisterWithPhone(erased, "Vũ Bé Xóa", "0912345671");
    erased.cases = {CaseOf("one", {{other_, "CLIENT"}, {erased.person, "COMPANION"}})};
    return erased;
  }
  Erased ClientOfSeveral() {
    Erased erased;
    erased.person = RegisterWithPhone(erased, "Vũ Thị Xóa", "0912345672");
    erased.cases = {CaseOf("one", {{erased.person, "CLIENT"}}),
                    CaseOf("two", {{erased.person, "CLIENT"}, {other_, "CLIENT"}}),
                    CaseOf("three", {{other_, "CLIENT"}, {erased.person, "COMPANION"}})};
    return erased;
  }
  Erased Merged() {
    Erased erased;
    erased.person = RegisterWithPhone(erased, "Vũ Thị Xóa", "0912345673");
    const std::string twice = RegisterWithPhone(erased, "Vũ Xóa Hai", "0912345674");
    erased.cases = {CaseOf("one", {{twice, "CLIENT"}}), CaseOf("two", {{erased.person, "CLIENT"}})};
    Client client(cast_, kPrivacyLedger);
    client.Record(erased.person, "persons_merged { merged_person_id: '" + twice + "' }");
    return erased;
  }

 protected:
  void SetUp() override {
    ReachOfAnErasure::SetUp();
    other_ = Register(kOther);
  }

  // A use of break-glass whose reason names them, and its review.
  void BreakGlass(const std::string& case_id, const std::string& name) {
    v1::UseBreakGlassRequest use;
    use.set_request_id(NewUuid());
    use.set_case_id(case_id);
    use.set_reason("Cấp cứu " + name);
    Client ambulance(cast_, kPrivacyLedger, kAmbulance);
    const auto used = ambulance.Call<v1::UseBreakGlassResponse>("AccessService/UseBreakGlass", use);
    ASSERT_TRUE(used.ok()) << used.status.error_message();
    v1::ReviewBreakGlassRequest review;
    review.set_request_id(NewUuid());
    review.set_break_glass_event_id(used.value.break_glass_event_id());
    review.set_finding(event::v1::BREAK_GLASS_FINDING_JUSTIFIED);
    review.set_note("Đã gọi cho " + name);
    Client reviewer(cast_, kPrivacyLedger, kReviewer);
    const auto reviewed =
        reviewer.Call<v1::ReviewBreakGlassResponse>("AccessService/ReviewBreakGlass", review);
    ASSERT_TRUE(reviewed.ok()) << reviewed.status.error_message();
  }
  // Reasons and remarks as the reviewer reads them, by case.
  std::multimap<std::string, std::string> Remarks() {
    Client reviewer(cast_, kPrivacyLedger, kReviewer);
    v1::ListBreakGlassRequest request;
    request.set_reviewed(true);
    request.set_min_position(Client(cast_, kTrail, Cast::Auditor()).EventCount() - 1);
    const auto list =
        reviewer.Call<v1::ListBreakGlassResponse>("AccessService/ListBreakGlass", request);
    EXPECT_TRUE(list.ok()) << list.status.error_message();
    std::multimap<std::string, std::string> remarks;
    const auto text = [](const event::v1::FreeText& note) {
      return note.has_sealed() ? event::v1::SealState_Name(note.sealed().state()) : note.text();
    };
    for (const v1::BreakGlassRow& row : list.value.uses()) {
      const event::v1::BreakGlassUsed& used = row.use().break_glass_used();
      const std::string& id = used.record().record_id();
      remarks.emplace(id, text(used.reason()));
      remarks.emplace(id, text(row.review().break_glass_reviewed().note()));
    }
    return remarks;
  }

  size_t Found(v1::SearchPersonsRequest request, const Who& who) {
    Client client(cast_, kPrivacyLedger, who);
    client.Admit(who);
    request.set_min_position(client.EventCount() - 1);
    const auto answer =
        client.Call<v1::SearchPersonsResponse>("PersonService/SearchPersons", request);
    EXPECT_TRUE(answer.ok()) << answer.status.error_message();
    return static_cast<size_t>(answer.value.persons_size());
  }
  // How many each search finds: by every name, phone and the number of a document.
  std::vector<size_t> FoundOf(const Erased& erased, const Who& who) {
    std::vector<size_t> found;
    for (const std::string& name : erased.names) {
      v1::SearchPersonsRequest by_name;
      by_name.set_name(name);
      found.push_back(Found(by_name, who));
    }
    for (const std::string& phone : erased.phones) {
      v1::SearchPersonsRequest by_phone;
      by_phone.set_phone(phone);
      found.push_back(Found(by_phone, who));
    }
    return found;
  }

  // The case with its proof, as an auditor takes it along.
  std::string Export(const std::string& case_id, const std::string& when) {
    const std::string bundle = directory_ / ("bundle-" + when + "-" + case_id);
    ProgramWell(Cast::Auditor(), {"audit", "export", case_id, "-o", bundle});
    return bundle;
  }
  // Without any server.
  Finished Verify(const std::string& bundle, const std::string& case_id) {
    const std::string keys = ReadWholeFile(bundle + "/verifier-keys.txt");
    return RunToEnd({CASELEDGER_PATH, "--server", "127.0.0.1:1", "audit", "verify", bundle,
                     "--vkey", keys.substr(0, keys.find('\n')), "--case", case_id});
  }

  std::string other_;
};

struct Kind {
  const char* name;
  Erased (KindsOfErasure::*prepare)();
};
void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

class EachKindOfErasure : public KindsOfErasure, public ::testing::WithParamInterface<Kind> {};

TEST_P(EachKindOfErasure, LeavesNothingOfThemAndProofsThatHold) {
  const Erased erased = (this->*GetParam().prepare)();
  const std::string unrelated = CaseOf("unrelated", {{other_, "CLIENT"}});
  BreakGlass(unrelated, kOther);
  std::vector<std::string> before;
  for (const std::string& id : erased.cases) {
    BreakGlass(id, erased.names.front());
    before.push_back(Export(id, "before"));
  }
  EXPECT_THAT(FoundOf(erased, Who{}), ::testing::Each(::testing::Ge(1U)));
  const auto remarks = Remarks();
  ASSERT_THAT(remarks, SizeIs(2 * (erased.cases.size() + 1)));
  for (const auto& [id, remark] : remarks) {
    EXPECT_THAT(remark, HasSubstr(id == unrelated ? kOther : erased.names.front()));
  }

  Prepare(erased.person);
  Erase(erased.person);
  const auto is_told = [&](const std::string& name) {
    return Everything().find(name) != std::string::npos;
  };
  for (const std::string& name : erased.names) {
    EXPECT_TRUE(Eventually([&] { return !is_told(name); })) << name;
  }
  EXPECT_TRUE(is_told(kOther));
  for (const Who& who : {Who{}, kOfficer}) {
    EXPECT_THAT(FoundOf(erased, who), ::testing::Each(0U)) << who.actor;
  }
  for (const auto& [id, remark] : Remarks()) {
    if (id == unrelated) {
      EXPECT_THAT(remark, HasSubstr(kOther));
    } else {
      EXPECT_EQ(remark, "SEAL_STATE_ERASED");
    }
  }
  EXPECT_EQ(Erasure(erased.person).remaining_keys(), 0U);

  for (size_t i = 0; i < erased.cases.size(); ++i) {
    const std::string& id = erased.cases[i];
    const std::string after = Export(id, "after");
    const Finished now = Verify(after, id);
    EXPECT_EQ(now.code, 0) << now.out << now.err;
    const Finished still = Verify(before[i], id);
    EXPECT_EQ(still.code, 0) << still.out << still.err;
    for (const auto& file : std::filesystem::recursive_directory_iterator(after)) {
      if (!file.is_regular_file()) continue;
      for (const std::string& name : erased.names) {
        EXPECT_THAT(ReadWholeFile(file.path()), Not(HasSubstr(name))) << file.path();
      }
    }
  }
  // Nothing new is written about who is gone, and the case of the others can still be opened.
  v1::UseBreakGlassRequest use;
  use.set_request_id(NewUuid());
  use.set_case_id(erased.cases.front());
  use.set_reason("Cấp cứu");
  Client ambulance(cast_, kPrivacyLedger, kAmbulance);
  const auto again = ambulance.Call<v1::UseBreakGlassResponse>("AccessService/UseBreakGlass", use);
  if (std::string(GetParam().name) == "companion") {
    EXPECT_TRUE(again.ok()) << again.status.error_message();
  } else {
    EXPECT_EQ(Explain(again.status).reason, "PERSON_ERASED");
  }
  Stop();
  const Finished whole = RunToEnd({CASELEDGER_PATH, "log", "verify", "--data-dir", data_dir_});
  EXPECT_EQ(whole.code, 0) << whole.out << whole.err;
}

INSTANTIATE_TEST_SUITE_P(Kinds, EachKindOfErasure,
                         ::testing::Values(Kind{"only_client", &KindsOfErasure::OnlyClient},
                                           Kind{"companion", &KindsOfErasure::Companion},
                                           Kind{"client_of_several",
                                                &KindsOfErasure::ClientOfSeveral},
                                           Kind{"merged", &KindsOfErasure::Merged}),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace caseledger::testing
