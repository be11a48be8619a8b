// The access trail's read model beside the plainest one: every question answered by looking at all
// entries of a random history again.
#include <gmock/gmock.h>

#include <algorithm>
#include <random>
#include <set>

#include "projections/access_trail/access_trail.h"
#include "tests/projections/access_trail/trail_facts.h"
#include "tests/support/projection_table.h"

namespace caseledger::projections {
namespace {

using namespace caseledger::testing;  // NOLINT: the facts
using event::v1::Fact;
using eventstore::RecordedEvent;

constexpr int kEntries = 600;
// Names of which one begins another, and that keys must tell apart.
const std::vector<std::string> kAgencies = {"a", "ab", "a/b", "b"};
const std::vector<std::string> kActors = {"x", "xy", "y"};
const std::vector<std::string> kConsents = {"", "c", "c1"};

class AccessTrailOracle : public ::testing::Test {
 protected:
  template <typename T>
  const T& One(const std::vector<T>& of) {
    return of[random_() % of.size()];
  }
  eventstore::StreamId Case() { return CaseNamed(std::to_string(random_() % 5)); }
  eventstore::StreamId PersonRecord() {
    return {static_cast<uint32_t>(options::v1::RECORD_KIND_PERSON), Person()};
  }
  Uuid Person() { return NamedId("person-" + std::to_string(random_() % 3)); }

  void AddRandom() {
    const std::string& agency = One(kAgencies);
    const std::string& actor = One(kActors);
    Fact fact;
    switch (random_() % 7) {
      case 0:
        fact = Denied(Case());
        break;
      case 1:
        fact = Disclosed(Case(), Person(), One(kAgencies), One(kConsents));
        break;
      case 4:
        fact = Exported({PersonRecord(), Case(), PersonRecord()}, One(kAgencies));
        break;
      case 2:
        fact = BreakGlassUsed(Case(), One(kAgencies));
        break;
      case 3:
        if (awaiting_.empty()) return;
        fact = BreakGlassReviewed(awaiting_.begin()->second);
        awaiting_.erase(awaiting_.begin());
        break;
      default:
        fact = Accessed({Case(), Case(), Case()});
        break;
    }
    const RecordedEvent& event = events_.Add(
        NamedStream(options::v1::RECORD_KIND_ACCESS_TRAIL, agency + actor), fact, 1, agency, actor);
    facts_.push_back(fact);
    if (fact.has_break_glass_used()) awaiting_.emplace(random_(), event.event_id);
  }

  // Positions of the entries that fit, newest first.
  template <typename Fits>
  std::vector<uint64_t> Expected(Fits fits) const {
    std::vector<uint64_t> positions;
    for (size_t i = facts_.size(); i > 0; --i) {
      if (fits(facts_[i - 1], events_.all()[i - 1])) positions.push_back(i - 1);
    }
    return positions;
  }
  // All pages of a question, of a size that changes from page to page; asked for from either end,
  // newest first.
  template <typename Ask>
  std::vector<uint64_t> AllPages(Ask ask) {
    std::vector<uint64_t> positions;
    TrailPaging paging;
    paging.oldest_first = random_() % 2 == 0;
    do {
      paging.page_size = 1 + static_cast<int64_t>(random_() % 40);
      const TrailPage page = ask(paging);
      EXPECT_LE(page.positions.size(), static_cast<size_t>(paging.page_size));
      positions.insert(positions.end(), page.positions.begin(), page.positions.end());
      paging.page_token = page.next_page_token;
    } while (!paging.page_token.empty());
    if (paging.oldest_first) std::reverse(positions.begin(), positions.end());
    return positions;
  }

  // The case that a review is about is that of its use.
  const Fact& UseOf(const Fact& review) const {
    const std::string& id = review.break_glass_reviewed().break_glass_event_id();
    const auto& all = events_.all();
    const auto use = std::find_if(all.begin(), all.end(), [&](const RecordedEvent& event) {
      return event.event_id.ToString() == id;
    });
    return facts_[static_cast<size_t>(use - all.begin())];
  }
  bool Names(const Fact& fact, const std::string& id) const {
    if (fact.has_break_glass_reviewed()) return Names(UseOf(fact), id);
    if (fact.has_break_glass_used()) return fact.break_glass_used().record().record_id() == id;
    if (fact.has_access_denied()) return fact.access_denied().record().record_id() == id;
    const auto& records = fact.has_disclosure_made() ? fact.disclosure_made().access().records()
                                                     : fact.record_accessed().records();
    return std::any_of(records.begin(), records.end(),
                       [&](const auto& record) { return record.record_id() == id; });
  }
  bool IsReviewed(const RecordedEvent& use) const {
    return std::any_of(facts_.begin(), facts_.end(), [&](const Fact& fact) {
      return fact.break_glass_reviewed().break_glass_event_id() == use.event_id.ToString();
    });
  }

  const uint32_t seed_ = std::random_device()();
  std::mt19937 random_{seed_};
  RecordedEvents events_;
  std::vector<Fact> facts_;
  std::multimap<uint32_t, Uuid> awaiting_;  // uses, in random order
};

TEST_F(AccessTrailOracle, EveryQuestionIsAnsweredAsByLookingAtAllEntries) {
  SCOPED_TRACE("seed " + std::to_string(seed_));
  for (int i = 0; i < kEntries; ++i) AddRandom();
  ProjectionTable table(MakeAccessTrail());
  table.CatchUp(events_);
  const auto snapshot = table.Snapshot();
  for (int i = 0; i < 6; ++i) {
    const eventstore::StreamId record = CaseNamed(std::to_string(i));
    EXPECT_EQ(AllPages([&](const auto& paging) {
                return EntriesOfRecord(*snapshot, record, paging).value();
              }),
              Expected([&](const Fact& fact, const RecordedEvent&) {
                return Names(fact, record.id.ToString());
              }));
  }
  for (const std::string& agency : kAgencies) {
    for (const std::string& actor : kActors) {
      EXPECT_EQ(AllPages([&](const auto& paging) {
                  return EntriesOfActor(*snapshot, agency, actor, paging).value();
                }),
                Expected([&](const Fact&, const RecordedEvent& event) {
                  return event.origin.agency == agency && event.origin.actor == actor;
                }));
    }
  }
  std::vector<std::string> agencies = kAgencies;
  agencies.push_back("");
  for (const std::string& agency : agencies) {
    EXPECT_EQ(
        AllPages([&](const auto& paging) { return Denials(*snapshot, agency, paging).value(); }),
        Expected([&](const Fact& fact, const RecordedEvent& event) {
          return fact.has_access_denied() && (agency.empty() || event.origin.agency == agency);
        }));
    for (const bool reviewed : {false, true}) {
      EXPECT_EQ(AllPages([&](const auto& paging) {
                  const auto uses = BreakGlassUses(*snapshot, agency, reviewed, paging).value();
                  TrailPage page{{}, uses.next_page_token, 0};
                  for (const auto& use : uses.uses) page.positions.push_back(use.position);
                  return page;
                }),
                Expected([&](const Fact& fact, const RecordedEvent& event) {
                  return fact.has_break_glass_used() &&
                         (agency.empty() || fact.break_glass_used().owner_agency_id() == agency) &&
                         (reviewed || !IsReviewed(event));
                }));
    }
  }
}

TEST_F(AccessTrailOracle, DisclosuresAreThoseOfThePersonAndTheConsent) {
  SCOPED_TRACE("seed " + std::to_string(seed_));
  for (int i = 0; i < kEntries; ++i) AddRandom();
  ProjectionTable table(MakeAccessTrail());
  table.CatchUp(events_);
  const auto snapshot = table.Snapshot();
  for (int i = 0; i < 4; ++i) {
    const Uuid person = NamedId("person-" + std::to_string(i));
    for (const std::string& consent : kConsents) {
      std::set<std::string> recipients;
      const auto fits = [&](const Fact& fact, const RecordedEvent&) {
        const auto& made = fact.disclosure_made();
        const auto& records = made.access().records();
        const bool exported = made.person_id().empty() &&
                              std::any_of(records.begin(), records.end(), [&](const auto& record) {
                                return record.kind() == options::v1::RECORD_KIND_PERSON &&
                                       record.record_id() == person.ToString();
                              });
        const bool fit = (exported || made.person_id() == person.ToString()) &&
                         (consent.empty() || made.consent_id() == consent);
        if (fit) recipients.insert(made.recipient_agency_id());
        return fit;
      };
      const std::vector<uint64_t> expected = Expected(fits);
      EXPECT_EQ(AllPages([&](const auto& paging) {
                  const auto page = Disclosures(*snapshot, person, consent, paging).value();
                  EXPECT_EQ(std::set(page.recipients.begin(), page.recipients.end()), recipients);
                  EXPECT_TRUE(std::is_sorted(page.recipients.begin(), page.recipients.end()));
                  return page.page;
                }),
                expected);
    }
  }
}

}  // namespace
}  // namespace caseledger::projections
