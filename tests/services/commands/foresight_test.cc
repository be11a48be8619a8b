// What a command says beforehand of what deciding it looks at.
#include "services/commands/foresight.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

namespace caseledger::commands {
namespace {

using eventstore::StreamId;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr char kOne[] = "00000000-0000-4000-8000-000000000001";
constexpr char kTwo[] = "00000000-0000-4000-8000-000000000002";
constexpr auto kPerson = RecordKind::RECORD_KIND_PERSON;
constexpr auto kCase = RecordKind::RECORD_KIND_CASE_RECORD;
constexpr auto kAgency = RecordKind::RECORD_KIND_AGENCY;

StreamId Of(RecordKind kind, const std::string& id) {
  return {static_cast<uint32_t>(kind), *Uuid::Parse(id)};
}

PreparedCommand Prepared(RecordKind kind, const std::string& record_id, const std::string& fact) {
  PreparedCommand prepared;
  prepared.kind = kind;
  prepared.new_record_id = *Uuid::Parse(kTwo);
  prepared.command.set_record_id(record_id);
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(fact, prepared.command.mutable_fact()));
  return prepared;
}

std::vector<std::tuple<uint32_t, std::string, std::string>> NamesOf(
    const eventstore::Foresight& foresight) {
  std::vector<std::tuple<uint32_t, std::string, std::string>> names;
  for (const auto& name : foresight.names) names.emplace_back(name.kind, name.source, name.value);
  return names;
}

TEST(Foresight, TellsTheRecordAndThoseThatTheFactNames) {
  const auto foresight = ForesightOf(
      Prepared(kCase, kOne, std::string("participant_added { person_id: '") + kTwo + "' }"));
  EXPECT_EQ(foresight.record, Of(kCase, kOne));
  EXPECT_THAT(foresight.named, ElementsAre(Of(kPerson, kTwo)));
  EXPECT_THAT(foresight.names, IsEmpty());
}

TEST(Foresight, TellsTheIdThatTheServerChoseForANewRecord) {
  const auto foresight =
      ForesightOf(Prepared(kCase, "", "case_opened { owner_agency_id: 'hotline' }"));
  EXPECT_EQ(foresight.record, Of(kCase, kTwo));
  EXPECT_THAT(foresight.named, ElementsAre(NamedStream(kAgency, "hotline")));
}

TEST(Foresight, TellsNamesThatAreLookedForAndGiven) {
  const auto named =
      ForesightOf(Prepared(kCase, "paper/17", "participant_added { person_id: 'book/3' }"));
  EXPECT_EQ(named.record, std::nullopt) << "whose name it is has to be looked up";
  EXPECT_THAT(NamesOf(named), UnorderedElementsAre(std::make_tuple(kCase, "paper", "17"),
                                                   std::make_tuple(kPerson, "book", "3")));
  const auto given = ForesightOf(
      Prepared(kPerson, kOne, "person_registered { external_ref { source: 'book' value: '4' } }"));
  EXPECT_EQ(given.record, Of(kPerson, kOne));
  EXPECT_THAT(NamesOf(given), ElementsAre(std::make_tuple(kPerson, "book", "4")));
}

TEST(Foresight, OfACorrectionTellsWhatIsToCount) {
  const auto foresight =
      ForesightOf(Prepared(kCase, kOne,
                           std::string("fact_corrected { replacement { participant_added { "
                                       "person_id: '") +
                               kTwo + "' } } }"));
  EXPECT_EQ(foresight.record, Of(kCase, kOne));
  EXPECT_THAT(foresight.named, ElementsAre(Of(kPerson, kTwo)));
}

}  // namespace
}  // namespace caseledger::commands
