// The cache and the snapshots never change an answer: what is not in the log is never decided upon.
#include "services/commands/aggregates.h"

#include "services/domain/contact/contact.h"
#include "tests/services/commands/centre.h"

namespace caseledger::testing {
namespace {

using commands::RecordKind;

constexpr RecordKind kContactKind = RecordKind::RECORD_KIND_CONTACT;
constexpr char kContact[] = "contact_received { channel: 'phone' }";

std::string Classify(const std::string& topic) {
  return "contact_classified { main_topic: '" + topic + "' }";
}
std::string Forward(int number) {
  return absl::StrCat("report_forwarded { forward_id: 'f", number, "' to_agency_id: 'hospital' ",
                      TimeField("due_time", 19'000), "}");
}
std::string Acknowledge(int number) {
  return absl::StrCat("report_acknowledged { forward_id: 'f", number, "' }");
}

TEST(Aggregates, DecisionsAfterAFailedCommitKnowNothingOfIt) {
  bool fail = false;
  CentreOptions options;
  options.snapshots = true;
  options.engine.before_write = [&fail](const eventstore::EngineBatch&) {
    return fail ? absl::UnavailableError("disk") : absl::OkStatus();
  };
  Centre centre(options);
  centre.Given(Id(1), 0, kContact);
  fail = true;
  EXPECT_TRUE(absl::IsUnavailable(
      centre.Try(Id(1), 1, "contact_ended { outcome: CONTACT_OUTCOME_PRANK }").status()));
  fail = false;
  centre.Reopen();
  EXPECT_TRUE(centre.Try(Id(1), 2, "contact_ended { outcome: CONTACT_OUTCOME_SILENT }").ok());
}

TEST(Aggregates, EngineThatResolvesTwiceGetsTheSameDecision) {
  CentreOptions options;
  options.engine.resolve_runs = 3;
  Centre centre(options);
  centre.RegisterAgencies();
  centre.Given(Id(1), 0, kContact);
  // The cache now holds events of runs that were thrown away.
  std::vector<std::future<Centre::Result>> answers;
  for (int i = 0; i < 20; ++i) {
    answers.push_back(centre.Start(centre.Command(Id(1), 1 + i, Forward(i)), Worker()));
    answers.push_back(centre.Start(centre.Command(Id(1), 1 + i, Acknowledge(i)), Worker()));
  }
  for (auto& answer : answers) {
    const auto result = answer.get();
    EXPECT_TRUE(result.ok()) << result.status();
  }
  EXPECT_EQ(centre.Stream(kContactKind, Id(1)).size(), 41u);
}

TEST(Aggregates, LateEntriesAndCorrectionsFoldAnew) {
  Centre centre;
  centre.Given(Id(1), 0, kContact);
  const std::string ended =
      centre.Given(Id(1), 5, "contact_ended { outcome: CONTACT_OUTCOME_PRANK }");
  centre.Given(Id(1), 3, Classify("child"));
  EXPECT_EQ(ReasonIdOf(centre.Try(Id(1), 6, "contact_ended { outcome: CONTACT_OUTCOME_SILENT }")),
            "CONTACT_ENDED");
  ASSERT_TRUE(centre.Void(kContactKind, Id(1), ended).ok());
  EXPECT_TRUE(centre.Try(Id(1), 4, "contact_ended { outcome: CONTACT_OUTCOME_SILENT }").ok());
  EXPECT_EQ(ReasonIdOf(centre.Try(Id(1), 7, "contact_ended { outcome: CONTACT_OUTCOME_SILENT }")),
            "CONTACT_ENDED");
}

TEST(Aggregates, CacheKeepsToItsBound) {
  CentreOptions options;
  options.max_records = 2;
  Centre centre(options);
  centre.RegisterAgencies();
  std::vector<int> persons;
  for (int i = 1; i <= 8; ++i) {
    centre.RegisterPerson(i);
    persons.push_back(i);
    EXPECT_LE(centre.ledger().aggregates.size(), 2u);
  }
  centre.OpenCase(100, persons);
  centre.RegisterShelter(200, 9);
  // One decision that needs more records than the cache holds.
  std::string request = "placement_requested { placement_id: 'p' case_id: '" + Id(100) +
                        "' person_id: '" + Id(1) + "' ";
  for (int i = 2; i <= 8; ++i) request += "companion_person_ids: '" + Id(i) + "' ";
  centre.Given(Id(200), 2, request + "}");
  EXPECT_TRUE(centre.Try(Id(200), 3, "resident_admitted { placement_id: 'p' }", Manager()).ok());
  EXPECT_LE(centre.ledger().aggregates.size(), 2u);
}

class Snapshots : public ::testing::Test {
 protected:
  static constexpr int kForwards = 150;  // 301 events

  Snapshots() : centre_(WithSnapshots()) {
    centre_.RegisterAgencies();
    centre_.Given(Id(1), 0, kContact);
    for (int i = 0; i < kForwards; ++i) {
      centre_.Given(Id(1), 1 + i, Forward(i));
      centre_.Given(Id(1), 1 + i, Acknowledge(i));
    }
    centre_.Reopen();
  }
  static CentreOptions WithSnapshots() {
    CentreOptions options;
    options.snapshots = true;
    return options;
  }
  eventstore::StreamId stream() const {
    return {static_cast<uint32_t>(kContactKind), *Uuid::Parse(Id(1))};
  }
  // What an honest fold would say.
  void ExpectHonestDecisions() {
    EXPECT_EQ(ReasonIdOf(centre_.Try(Id(1), 500, Acknowledge(0))), "FORWARD_ACKNOWLEDGED");
    EXPECT_EQ(ReasonIdOf(centre_.Try(Id(1), 500, Forward(kForwards - 1))), "FORWARD_KEY_USED");
    EXPECT_EQ(ReasonIdOf(centre_.Try(Id(1), 500, Acknowledge(kForwards))), "FORWARD_UNKNOWN");
    EXPECT_EQ(ReasonIdOf(centre_.Try(Id(1), 500, Forward(kForwards))), "OK");
  }

  Centre centre_;
};

TEST_F(Snapshots, LongStreamGoesOnFromItsSnapshot) {
  const auto snapshot = commands::SnapshotStore(centre_.OpenSnapshots()).Find(stream());
  ASSERT_TRUE(snapshot.has_value());
  EXPECT_GE(snapshot->revision, 128u);
  ExpectHonestDecisions();
}

TEST_F(Snapshots, SnapshotIsWhatIsUsed) {
  // A snapshot with the right leaf hash and a wrong state is believed: so it was restored from.
  commands::SnapshotStore store(centre_.OpenSnapshots());
  commands::Snapshot snapshot = *store.Find(stream());
  auto state = domain::Restore<domain::ContactState>(snapshot.state);
  ASSERT_TRUE(state.has_value());
  state->forwards.clear();
  snapshot.state = domain::Save(*state);
  store.Save(stream(), snapshot);
  EXPECT_EQ(ReasonIdOf(centre_.Try(Id(1), 500, Acknowledge(0))), "FORWARD_UNKNOWN");
}

TEST_F(Snapshots, SnapshotThatDoesNotFitTheLogIsIgnored) {
  commands::SnapshotStore store(centre_.OpenSnapshots());
  const commands::Snapshot honest = *store.Find(stream());
  domain::ContactState empty;
  std::vector<commands::Snapshot> lies(5, honest);
  for (commands::Snapshot& lie : lies) lie.state = domain::Save(empty);
  lies[0].leaf_hash.bytes[0] ^= 1;
  lies[1].state_version += 1;
  lies[2].revision = 100'000;
  lies[3].revision = 0;
  lies[4].state = "damaged";
  for (const commands::Snapshot& lie : lies) {
    store.Save(stream(), lie);
    centre_.Reopen();
    EXPECT_EQ(ReasonIdOf(centre_.Try(Id(1), 500, Acknowledge(0))), "FORWARD_ACKNOWLEDGED");
    EXPECT_EQ(ReasonIdOf(centre_.Try(Id(1), 500, Acknowledge(kForwards))), "FORWARD_UNKNOWN");
  }
  ExpectHonestDecisions();
}

}  // namespace
}  // namespace caseledger::testing
