// The sample half-year with some of its people erased.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "services/app/cli/text/csv.h"
#include "tests/integration/privacy/erasure_fixture.h"

namespace caseledger::testing {

inline constexpr char kSampleDirectory[] = "deploy/sample/quang-ninh-2024-h1";
inline const Who kSteward{"nhap-lieu", "so-qn", "data_steward"};
inline const Who kViewer{"xem", "so-qn", "dashboard_viewer"};
// Of the agency that brought the sample's persons in.
inline const Who kWorker{"nv-01", "so-qn", "case_worker"};

struct SamplePerson {
  std::string id = {};  // UUID
  std::string name = {};
  std::string phone = {};
  std::string birth_date = {};  // as far as known
  std::string number = {};      // of a document
  std::string note = {};        // of a call about them
  std::string safe_contact = {};
};

class ErasuresInTheSample : public ErasureOfAPerson {
 protected:
  // With every definition that is delivered.
  void Import() {
    for (const auto& file : std::filesystem::directory_iterator("deploy/reports")) {
      ProgramWell(kSteward, {"definition", "load", file.path().string()});
    }
    ProgramWell(kSteward, {"import", kSampleDirectory});
  }

  // The first persons of the sample whose erasure nothing stands in the way of: written about, and
  // their erasure decided and approved.
  std::vector<SamplePerson> PrepareSome(size_t count) {
    const cli::CsvFile csv =
        cli::ReadCsv(ReadWholeFile(std::string(kSampleDirectory) + "/persons.csv"));
    std::vector<SamplePerson> prepared;
    for (size_t i = 1; i < csv.records.size() && prepared.size() < count; ++i) {
      const std::vector<cli::CsvField>& row = csv.records[i].fields;
      SamplePerson person{
          .name = row.at(1).text, .phone = row.at(4).text, .birth_date = row.at(3).text};
      if (!Decide("qn-csv/" + row.at(0).text, person)) continue;
      WriteAbout(prepared.size(), person);
      As(kSecondOfficer, person.id, "erasure_approved { request_id: 'r' }");
      prepared.push_back(person);
    }
    EXPECT_EQ(prepared.size(), count);
    return prepared;
  }

 private:
  // Many have a case that is open.
  bool Decide(const std::string& record, SamplePerson& person) {
    Client officer(cast_, kPrivacyLedger, kOfficer);
    person.id = officer
                    .Record(record,
                            "data_request_received { request_id: 'r' request_kind: 'erasure' "
                            "asked_by: 'self' channel: 'letter' }")
                    .record_id();
    return officer.Send(CommandOf(record, "erasure_decided { request_id: 'r' }")).ok();
  }

  // What the sample has nothing of.
  void WriteAbout(size_t index, SamplePerson& person) {
    constexpr std::array<const char*, 8> kPlaces = {"Nghiễng", "Khuỳnh", "Truỗng", "Phưỡng",
                                                    "Thoằng",  "Ngoẻnh", "Chuẫng", "Giượng"};
    const std::string place = kPlaces.at(index % kPlaces.size());
    person.number = "0221900" + std::to_string(41'237 + index);
    person.note = "Chị ấy trốn sang " + place + "loan lúc nửa đêm";
    person.safe_contact = "hỏi bà hàng xóm ở " + place + "viễn";
    Client client(cast_, kPrivacyLedger, kWorker);
    client.Record(person.id,
                  "identifier_attached { identifier_id: 'a' identifier_kind: 'citizen_id' "
                  "private_part { number: '" +
                      person.number + "' } }");
    client.Record(person.id, "safe_contact_rule_set { may_call: true private_part { how: '" +
                                 person.safe_contact + "' } }");
    client.Record(NewUuid(), "contact_received { channel: 'phone' note { text: '" + person.note +
                                 "' about_person_ids: '" + person.id + "' } }");
  }
};

}  // namespace caseledger::testing
