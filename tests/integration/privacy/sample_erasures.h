// The sample half-year with some of its people erased.
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "services/app/cli/text/csv.h"
#include "tests/integration/privacy/erasure_fixture.h"
#include "tests/integration/privacy/traces.h"

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

  // The next person of the sample whose erasure nothing stands in the way of: written about, and
  // their erasure decided and approved. Nullopt when there is none left.
  std::optional<SamplePerson> PrepareNext() {
    if (persons_.records.empty()) {
      persons_ = cli::ReadCsv(ReadWholeFile(std::string(kSampleDirectory) + "/persons.csv"));
    }
    while (next_person_ < persons_.records.size()) {
      const std::vector<cli::CsvField>& row = persons_.records[next_person_++].fields;
      SamplePerson person{
          .name = row.at(1).text, .phone = row.at(4).text, .birth_date = row.at(3).text};
      if (!Decide("qn-csv/" + row.at(0).text, person)) continue;
      WriteAbout(prepared_++, person);
      As(kSecondOfficer, person.id, "erasure_approved { request_id: 'r' }");
      return person;
    }
    return std::nullopt;
  }
  // Somebody who comes to the centre of the sample, of a name that is in it.
  SamplePerson PrepareAnother() {
    const std::string& name =
        persons_.records[1 + prepared_ % (persons_.records.size() - 1)].fields.at(1).text;
    SamplePerson person{.id = NewUuid(), .name = name};
    Client client(cast_, kPrivacyLedger, kWorker);
    client.Record(person.id,
                  "person_registered { attributes { sex: 'female' private_part { full_name: '" +
                      name + "' } } }");
    WriteAbout(prepared_++, person);
    EXPECT_TRUE(Decide(person.id, person));
    As(kSecondOfficer, person.id, "erasure_approved { request_id: 'r' }");
    return person;
  }
  std::vector<SamplePerson> PrepareSome(size_t count) {
    std::vector<SamplePerson> prepared;
    while (prepared.size() < count) {
      std::optional<SamplePerson> person = PrepareNext();
      if (!person.has_value()) break;
      prepared.push_back(*std::move(person));
    }
    EXPECT_EQ(prepared.size(), count);
    return prepared;
  }

  // To be added to. Words of the sample, of which some are in reports, tell nothing.
  static Traces TracesOfTheSample() {
    Traces traces;
    for (const char* directory : {kSampleDirectory, "deploy/reports"}) {
      for (const auto& file : std::filesystem::directory_iterator(directory)) {
        traces.AddCommon(ReadWholeFile(file.path().string()));
      }
    }
    return traces;
  }
  static void AddTraces(const SamplePerson& person, Traces& traces) {
    traces.AddName(person.name);
    traces.AddPhone(person.phone);
    traces.AddNumber(person.number);
    traces.AddText(person.note);
    traces.AddText(person.safe_contact);
    if (person.birth_date.size() > kShortestTrace) traces.AddName(person.birth_date);
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
    constexpr std::array<const char*, 8> kEnds = {"",       "nhoẹt",   "quạch", "vượt",
                                                  "khoắng", "thuyếch", "ruỗng", "ngoặc"};
    const std::string place =
        std::string(kPlaces.at(index % kPlaces.size())) + kEnds.at(index / kPlaces.size() % 8);
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

  cli::CsvFile persons_;
  size_t next_person_ = 1;  // after the line of names
  size_t prepared_ = 0;
};

}  // namespace caseledger::testing
