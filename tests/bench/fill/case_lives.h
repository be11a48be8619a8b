// What a centre and its partners record over five years, as appends in the order in which they are
// recorded: calls, the persons they are about, cases, referrals, services, closures.
//
// Facts are such as the commands' handlers make them, with what is personal filled in, so that
// sealing, read models and searches have their real work to do. Many cases run at a time: what
// belongs together does not stand together in the log.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "caseledger/event/v1/fact.pb.h"
#include "eventstore/log.h"

namespace caseledger::bench {

// Not thread-safe. The same seed gives the same appends.
class CaseLives {
 public:
  // Events of one case's life: its call, its person and the case itself.
  static constexpr uint64_t kEventsPerCase = 10;
  static constexpr uint64_t kWorkers = 400;  // of the agency that owns every second case
  static constexpr Micros kBegin = 1'577'811'600'000'000;  // 2020-01-01 in Vietnam
  static constexpr Micros kLength = int64_t{5} * 365 * 24 * 3600 * kMicrosPerSecond;

  CaseLives(uint64_t seed, uint64_t cases);

  // False when all has been recorded.
  bool Next(eventstore::AppendRequest& request);

  static std::string WorkerOf(uint64_t number);
  // A name that some persons have, by chance.
  std::string RandomName();

 private:
  struct Life {
    uint64_t number = 0;
    int step = 0;
    Micros now = 0;
    Uuid contact;
    Uuid person;
    Uuid case_id;
    std::string agency;
    std::string worker;
    std::string partner;
  };
  // Takes the next step; false: that was the last one.
  bool Step(Life& life, eventstore::Decision& decision);
  void Begin(Life& life);
  void AddCall(Life& life, eventstore::Decision& decision);
  void AddEndOfCall(Life& life, eventstore::Decision& decision);
  void AddPerson(Life& life, eventstore::Decision& decision);
  void AddCase(Life& life, eventstore::Decision& decision);
  void AddRisk(Life& life, eventstore::Decision& decision);
  void AddReferral(Life& life, eventstore::Decision& decision);
  void AddOutcome(Life& life, eventstore::Decision& decision);
  void Add(const Life& life, const eventstore::StreamId& stream, const event::v1::Fact& fact,
           eventstore::Decision& decision);
  Uuid NewId();
  uint64_t Below(uint64_t end) { return random_() % end; }
  std::string OneOf(const std::vector<std::string>& values) { return values[Below(values.size())]; }

  std::mt19937_64 random_;
  const uint64_t cases_;
  const uint64_t at_a_time_;
  uint64_t begun_ = 0;
  std::vector<Life> lives_;  // that go on
};

}  // namespace caseledger::bench
