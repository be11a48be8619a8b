#include "tests/fault/every_io/store_model.h"

#include <set>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "tests/contract/engine_test_data.h"

namespace caseledger::testing {

using eventstore::Engine;
using eventstore::StoredEvent;
using eventstore::StreamId;

namespace {

bool Same(const StoredEvent& one, const StoredEvent& two) {
  return one.stream == two.stream && one.revision == two.revision && one.position == two.position &&
         one.leaf_hash == two.leaf_hash && one.record == two.record;
}

Comparison Trouble(absl::Status status) { return {std::move(status), "", false}; }
Comparison Violation(std::string what) { return {absl::OkStatus(), std::move(what), false}; }

Comparison CompareEvents(const std::vector<StoredEvent>& read,
                         const std::vector<StoredEvent>& expected) {
  if (read.size() != expected.size()) {
    return Violation(StrCat(read.size(), " events instead of ", expected.size()));
  }
  for (size_t i = 0; i < read.size(); ++i) {
    if (!Same(read[i], expected[i])) return Violation(StrCat("event ", i, " is altered"));
  }
  return {};
}

Comparison CompareStreams(const Engine& engine, const std::string& ledger,
                          const std::vector<StoredEvent>& events) {
  std::map<StreamId, std::vector<StoredEvent>> streams;
  for (const StoredEvent& event : events) streams[event.stream].push_back(event);
  for (const auto& [stream, expected] : streams) {
    const auto head = engine.FindStream(ledger, stream);
    if (!head.ok()) return Trouble(head.status());
    if (head->revision != expected.back().revision) return Violation("a stream's head is altered");
    const auto read = ReadAllOf(engine, ledger, stream);
    if (!read.ok()) return Trouble(read.status());
    Comparison compared = CompareEvents(*read, expected);
    if (!compared.ok()) {
      compared.violation = StrCat("a stream: ", compared.violation);
      return compared;
    }
  }
  return {};
}

Comparison CompareMarks(const Engine& engine, const std::string& ledger, const Commit& commit) {
  for (const auto& [key, value] : commit.marks) {
    const auto found = engine.FindMark(ledger, key);
    if (!found.ok()) return Trouble(found.status());
    if (*found != value) return Violation(StrCat("the mark ", key, " is gone or altered"));
  }
  return {};
}

}  // namespace

void StoreModel::Created(const std::string& ledger) { ledgers_[ledger].created = true; }
void StoreModel::MaybeCreated(const std::string& ledger) { ledgers_[ledger].created = false; }

void StoreModel::Committed(const std::string& ledger, Commit commit) {
  ledgers_[ledger].commits.push_back(std::move(commit));
}
void StoreModel::MaybeCommitted(const std::string& ledger, Commit commit) {
  ledgers_[ledger].unknown = std::move(commit);
}

std::vector<std::string> StoreModel::ledgers() const {
  std::vector<std::string> names;
  for (const auto& [name, ledger] : ledgers_) {
    if (ledger.created) names.push_back(name);
  }
  return names;
}

size_t StoreModel::commits() const {
  size_t sum = 0;
  for (const auto& [name, ledger] : ledgers_) sum += ledger.commits.size();
  return sum;
}

std::vector<StoredEvent> StoreModel::Ledger::Events() const {
  std::vector<StoredEvent> events;
  for (const Commit& commit : commits) {
    events.insert(events.end(), commit.events.begin(), commit.events.end());
  }
  return events;
}

Comparison StoreModel::Compare(const Engine& engine, bool just_opened) {
  const auto infos = engine.ListLedgers();
  if (!infos.ok()) return Trouble(infos.status());
  std::set<std::string> found;
  for (const auto& info : *infos) found.insert(info.ledger());
  Comparison shorter;  // by the last commit, of one ledger
  for (auto& [name, ledger] : ledgers_) {
    if (!found.contains(name)) {
      if (ledger.created) {
        Comparison gone = Violation(StrCat("ledger ", name, " is gone"));
        gone.only_last_commit_missing = ledger.commits.empty() && shorter.ok();
        if (!gone.only_last_commit_missing) return gone;
        shorter = gone;
      }
      continue;
    }
    found.erase(name);
    ledger.created = true;
    Comparison compared = CompareLedger(engine, name, ledger, just_opened);
    if (compared.ok()) continue;
    if (!compared.only_last_commit_missing || !shorter.ok()) return compared;
    shorter = compared;
  }
  if (!found.empty()) return Violation("there is a ledger that nobody created");
  return shorter;
}

Comparison StoreModel::CompareLedger(const Engine& engine, const std::string& name, Ledger& ledger,
                                     bool just_opened) const {
  const auto head = engine.LoadHead(name);
  if (!head.ok()) return Trouble(head.status());
  if (ledger.unknown && head->next_position > ledger.Events().size()) {
    ledger.commits.push_back(*ledger.unknown);
    ledger.unknown.reset();
  }
  if (just_opened) ledger.unknown.reset();
  Ledger expected = ledger;
  std::string missing;
  if (!ledger.commits.empty() &&
      head->next_position == ledger.Events().size() - ledger.commits.back().events.size()) {
    missing = StrCat("ledger ", name, ": the last commit is missing");
    expected.commits.pop_back();
  }
  const std::vector<StoredEvent> events = expected.Events();
  if (head->next_position != events.size()) {
    return Violation(
        StrCat("ledger ", name, " has ", head->next_position, " events of ", events.size()));
  }
  const auto read = ReadAll(engine, name, 0, head->next_position);
  if (!read.ok()) return Trouble(read.status());
  Comparison compared = CompareEvents(*read, events);
  if (compared.ok()) compared = CompareStreams(engine, name, events);
  for (const Commit& commit : expected.commits) {
    if (compared.ok()) compared = CompareMarks(engine, name, commit);
  }
  if (!compared.ok() || missing.empty()) return compared;
  return {absl::OkStatus(), missing, true};
}

}  // namespace caseledger::testing
