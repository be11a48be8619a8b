// One record under test: given facts, when a fact is proposed, then it is recorded or refused with
// a reason. Facts are written in protobuf text format, times in hours since the test's beginning.
#pragma once

#include <google/protobuf/text_format.h>

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "services/domain/archive.h"
#include "services/domain/context.h"
#include "services/domain/event.h"
#include "services/domain/rejection.h"
#include "services/domain/timeline.h"
#include "tests/services/support/told_related.h"

namespace caseledger::domain::testing {

inline constexpr Micros kHour = Micros{3600} * 1'000'000;
// 2024-01-01 00:00 in Viet Nam.
inline constexpr int64_t kBeginSeconds = 1'704'042'000;

inline Micros At(double hours) {
  return kBeginSeconds * 1'000'000 + static_cast<Micros>(hours * static_cast<double>(kHour));
}

// A timestamp field in text format: `expire_time { seconds: ... }` is "expire_time" + Time(24).
inline std::string Time(double hours) {
  return absl::StrCat(" { seconds: ", At(hours) / 1'000'000, " } ");
}

inline Fact FactFrom(const std::string& text) {
  Fact fact;
  if (!google::protobuf::TextFormat::ParseFromString(text, &fact)) {
    ADD_FAILURE() << "not a fact: " << text;
  }
  return fact;
}

inline DomainEvent EventOf(std::string event_id, uint64_t revision, double hours,
                           const std::string& fact) {
  DomainEvent event;
  event.event_id = std::move(event_id);
  event.revision = revision;
  event.occurred_at = At(hours);
  event.fact = std::make_shared<const Fact>(FactFrom(fact));
  return event;
}

// A fact as someone proposes it.
struct Step {
  double hours = 0;
  std::string fact;
  std::string agency = "ctxh-qn";
  std::set<std::string> roles = {};
  bool imported = false;
  std::string actor = "an";
};

// The stream of one record, written as the command layer does: decide on the state as of the fact's
// time, then judge what the completed fact changes in the history.
template <typename State>
class Record {
 public:
  using DecideFunction = absl::StatusOr<Decided> (*)(const State&, const Fact&, const Context&);

  Record(std::string id, DecideFunction decide, std::string name = "")
      : id_(std::move(id)), name_(std::move(name)), decide_(decide) {}

  ToldRelated related;

  absl::StatusOr<Decided> Try(const Step& step) {
    const Fact fact = FactFrom(step.fact);
    absl::StatusOr<Decided> decided = Decide(fact, step);
    if (!decided.ok()) return decided;
    if (absl::Status status = Write(decided->fact, step); !status.ok()) return status;
    return decided;
  }

  // Records the fact unless it breaks the history, without asking the decide function: what follows
  // from another record's decision, corrections and voids.
  absl::Status Write(const Fact& fact, const Step& step) {
    DomainEvent event;
    event.event_id = absl::StrCat("e", next_revision_);
    event.revision = next_revision_;
    event.occurred_at = At(step.hours);
    event.fact = std::make_shared<const Fact>(fact);
    event.actor = step.actor;
    event.agency = step.agency;
    event.imported = step.imported;
    event.record_id = id_;
    Timeline after = timeline_;
    after.Add(event);
    const std::string changed =
        fact.has_fact_corrected() ? fact.fact_corrected().target_event_id() : event.event_id;
    absl::Status status = CheckChange<State>(timeline_.in_order(), after.in_order(), {changed});
    if (!status.ok()) return status;
    timeline_ = std::move(after);
    ++next_revision_;
    return status;
  }

  State StateAt(double hours) const { return FoldUntil<State>(timeline_.in_order(), At(hours)); }
  const Timeline& timeline() const { return timeline_; }

 private:
  absl::StatusOr<Decided> Decide(const Fact& fact, const Step& step) {
    Context context;
    context.caller = {step.actor, step.agency, step.roles};
    context.record_id = id_;
    context.record_name = name_;
    context.now = At(100'000);
    context.occurred_at = At(step.hours);
    context.imported = step.imported;
    context.related = &related;
    return decide_(StateAt(step.hours), fact, context);
  }

  std::string id_;
  std::string name_;
  DecideFunction decide_;
  Timeline timeline_;
  uint64_t next_revision_ = 1;
};

// A row of a table of rejections.
struct Row {
  std::string name;
  std::vector<Step> given;
  Step when;
  std::optional<Reason> reason;  // nullopt: accepted
  std::string item = "";
  std::vector<Reason> data_quality = {};
};

// The reason a status carries, or its text, for comparison with what a row expects.
inline std::string IdOf(const absl::Status& status) {
  if (status.ok()) return "accepted";
  const std::optional<Reason> reason = ReasonOf(status);
  return reason.has_value() ? std::string(TextOf(*reason).id) : status.ToString();
}

// Plays the row on a fresh record.
template <typename State>
void Play(const Row& row, Record<State> record) {
  SCOPED_TRACE(row.name);
  for (const Step& step : row.given) {
    const absl::StatusOr<Decided> given = record.Try(step);
    ASSERT_TRUE(given.ok()) << step.fact << ": " << given.status();
  }
  const absl::StatusOr<Decided> answer = record.Try(row.when);
  const std::string expected =
      row.reason.has_value() ? std::string(TextOf(*row.reason).id) : "accepted";
  EXPECT_EQ(IdOf(answer.status()), expected);
  EXPECT_EQ(ItemOf(answer.status()), row.item);
  std::vector<std::string> data_quality;
  for (const Reason reason : row.data_quality) data_quality.emplace_back(TextOf(reason).id);
  if (answer.ok()) {
    EXPECT_EQ(answer->data_quality, data_quality);
  }
}

// Every reason an aggregate owns is produced by some row of its tables.
inline void ExpectEveryReasonIsProduced(const std::vector<Reason>& owned,
                                        const std::vector<std::vector<Row>>& tables) {
  std::set<Reason> produced;
  for (const std::vector<Row>& table : tables) {
    for (const Row& row : table) {
      if (row.reason.has_value()) produced.insert(*row.reason);
      produced.insert(row.data_quality.begin(), row.data_quality.end());
    }
  }
  for (const Reason reason : owned) {
    EXPECT_TRUE(produced.contains(reason)) << "no row produces " << TextOf(reason).id;
  }
}

// A state restored from its bytes is the same state, and damaged bytes restore to nothing.
template <typename State>
void ExpectRoundTrip(State state) {
  const std::string bytes = Save(state);
  std::optional<State> restored = Restore<State>(bytes);
  ASSERT_TRUE(restored.has_value());
  EXPECT_EQ(Save(*restored), bytes);
  EXPECT_FALSE(Restore<State>(bytes + "x").has_value());
  EXPECT_FALSE(Restore<State>(bytes.substr(0, bytes.size() - 1)).has_value());
}

}  // namespace caseledger::domain::testing
