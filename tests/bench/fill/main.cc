// caseledger_fill DIR EVENTS: a data directory with one ledger of realistic records, signed, for
// measuring what reads stores without a server, such as `caseledger log verify`. It begins as every
// ledger does, with its administrator and the delivered rules.
//
// Records of five events: an append of one, one of three, one of one, as a contact that is
// received, dealt with and ended; each with a name, a reference to an earlier record, envelopes
// like those of the server, and facts of about 400 bytes that compress as such texts do.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "caseledger/event/v1/fact.pb.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/hash.h"
#include "eventstore/base/strings.h"
#include "eventstore/log.h"
#include "tests/bench/fill/fill.h"
#include "tests/support/bootstrapped.h"

namespace caseledger::bench {
namespace {

using namespace eventstore;  // NOLINT(google-build-using-namespace): one small program

constexpr char kLedgerName[] = "filled";
constexpr uint64_t kEventsPerRecord = 5;

[[noreturn]] void Stop(const std::string& why) {
  std::fprintf(stderr, "caseledger_fill: %s\n", why.c_str());
  std::exit(1);
}
void Must(const absl::Status& status) {
  if (!status.ok()) Stop(status.ToString());
}

Uuid IdOf(std::string_view what, uint64_t number) {
  return Uuid::FromName(Uuid{}, StrCat(what, number));
}
StreamId RecordOf(uint64_t number) { return {3, IdOf("record", number)}; }

// Half words that repeat, half that do not, as sealed texts and ids.
event::v1::Fact FactOf(uint64_t number) {
  std::string text;
  while (text.size() < 200) text += "channel: 'phone' line: '18001769' topic: 'counselling' ";
  while (text.size() < 400) text += Sha256({StrCat("fact", number, text.size())}).ToHex();
  event::v1::Fact fact;
  fact.mutable_contact_received()->set_channel("phone");
  fact.mutable_contact_received()->set_line(text);
  return fact;
}

NewEvent EventOf(uint64_t record, uint64_t number) {
  NewEvent event;
  event.event_id = IdOf("event", number);
  event.stream = RecordOf(record);
  event.occurred_at = 1'700'000'000'000'000 + static_cast<Micros>(number) * 1000;
  event.occurred_precision = 1;
  const event::v1::Fact fact = FactOf(number);
  event.fact_type = static_cast<uint32_t>(fact.kind_case());
  event.fact = fact.SerializeAsString();
  return event;
}

// Part 0, 1 or 2 of a record.
AppendRequest RequestOf(uint64_t record, uint64_t part) {
  const uint64_t first = record * kEventsPerRecord + (part == 0 ? 0 : part == 1 ? 1 : 4);
  Decision decision;
  for (uint64_t i = 0; i < (part == 1 ? 3u : 1u); ++i) {
    decision.events.push_back(EventOf(record, first + i));
  }
  if (part == 0) decision.names = {{RecordOf(record), "hotline", StrCat("C-", record)}};
  if (part == 1 && record > 0) decision.references = {{RecordOf(record), RecordOf(record / 2)}};
  AppendRequest request;
  request.key = {"ctxh-qn", IdOf("request", first)};
  request.content = StrCat("content", first);
  request.origin.actor = "worker-1";
  request.origin.agency = "ctxh-qn";
  request.origin.purpose = "counselling";
  request.origin.legal_basis = "law-2016-102";
  request.origin.correlation_id = IdOf("correlation", first);
  request.decide = [decision = std::move(decision)](LedgerView&) -> absl::StatusOr<Decision> {
    return decision;
  };
  return request;
}

int Run(const std::string& directory, uint64_t events) {
  Must(testing::BootstrapLedger(directory, kLedgerName, SystemClock()));
  uint64_t record = 0;
  uint64_t part = 0;
  const auto next = [&](AppendRequest& request) {
    if (record * kEventsPerRecord >= events) return false;
    request = RequestOf(record, part);
    if (++part == 3) {
      part = 0;
      ++record;
    }
    return true;
  };
  const auto verifier = FillLedger(directory, kLedgerName, next, [](uint64_t done) {
    std::fprintf(stderr, "caseledger_fill: %llu events\n", static_cast<unsigned long long>(done));
  });
  Must(verifier.status());
  std::printf("%s\n", verifier->c_str());
  return 0;
}

}  // namespace
}  // namespace caseledger::bench

int main(int argc, char** argv) {
  const long long events = argc == 3 ? std::atoll(argv[2]) : 0;
  if (events <= 0) {
    std::fprintf(stderr, "usage: caseledger_fill DIR EVENTS\n");
    return 2;
  }
  return caseledger::bench::Run(argv[1], static_cast<uint64_t>(events));
}
