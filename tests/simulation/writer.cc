#include "tests/simulation/writer.h"

#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "tests/simulation/names.h"

namespace caseledger::simulation {
namespace {

using eventstore::AppendResult;
using eventstore::Decision;
using eventstore::Expected;
using eventstore::LedgerView;
using eventstore::RecordedEvent;
using eventstore::StreamHead;
using eventstore::StreamId;

constexpr size_t kTooLargeBytes = 4096;
constexpr Micros kLongestPause = 30'000;

// What an echoing append reads of its stream while it is decided.
absl::StatusOr<std::string> EchoOfView(LedgerView& view, const StreamId& stream) {
  ASSIGN_OR_RETURN(const StreamHead head, view.Head(stream));
  Uuid newest;
  uint64_t read = 0;
  RETURN_IF_ERROR(view.ReadStream(stream, 1, [&](const RecordedEvent& event) {
    newest = event.event_id;
    read = event.revision;
    return true;
  }));
  if (read != head.revision) return absl::InternalError("a stream and its head disagree");
  return EchoOf(read, newest);
}

absl::StatusOr<Decision> DecideOn(const Sent& sent, LedgerView& view) {
  if (sent.only_if_even) {
    ASSIGN_OR_RETURN(const StreamHead head, view.Head(sent.events.front().stream));
    if (head.revision % 2 == 1) return absl::FailedPreconditionError("odd");
  }
  Decision decision;
  decision.checks = sent.checks;
  decision.names = sent.names;
  for (const Sent::Event& meant : sent.events) {
    eventstore::NewEvent event;
    event.event_id = meant.id;
    event.stream = meant.stream;
    event.fact_type = 10;
    std::string text = meant.text;
    if (sent.echoes) {
      ASSIGN_OR_RETURN(const std::string echo, EchoOfView(view, meant.stream));
      text += echo;
    }
    event.fact = FactOf(text);
    decision.events.push_back(std::move(event));
  }
  return decision;
}

eventstore::AppendRequest RequestOf(const SharedSent& sent) {
  eventstore::AppendRequest request;
  request.key = {"agency", sent->request_id};
  request.content = sent->content;
  request.origin.actor = "worker";
  request.origin.agency = "agency";
  request.decide = [sent](LedgerView& view) { return DecideOn(*sent, view); };
  return request;
}

}  // namespace

// The answers to appends that were submitted together.
class Writer::Answers {
 public:
  explicit Answers(size_t count) : answers_(count), missing_(count) {}

  void Give(size_t index, absl::StatusOr<AppendResult> answer) {
    MutexLock lock(&mutex_);
    twice_ = twice_ || answers_[index].has_value();
    answers_[index] = std::move(answer);
    --missing_;
  }
  // In the order of submitting.
  std::vector<std::optional<absl::StatusOr<AppendResult>>> AwaitAll() {
    MutexLock lock(&mutex_);
    mutex_.Await(this, &Answers::AreAllHere);
    return std::move(answers_);
  }
  bool came_twice() const {
    MutexLock lock(&mutex_);
    return twice_;
  }

 private:
  bool AreAllHere() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return missing_ == 0; }

  mutable Mutex mutex_;
  std::vector<std::optional<absl::StatusOr<AppendResult>>> answers_ ABSL_GUARDED_BY(mutex_);
  size_t missing_ ABSL_GUARDED_BY(mutex_);
  bool twice_ ABSL_GUARDED_BY(mutex_) = false;
};

Writer::Writer(World& world, eventstore::EventLog& log, const std::string& name, uint64_t seed)
    : world_(world), log_(log), name_(name), random_(seed) {}

void Writer::Run(int actions) {
  for (int i = 0; i < actions && !world_.is_over(); ++i) {
    std::vector<SharedSent> together = {Choose()};
    while (random_.OneIn(2) && together.size() < 8) {
      together.push_back(random_.OneIn(4) ? together.front() : Choose());
    }
    SendTogether(together);
    if (random_.OneIn(4)) world_.scheduler.Sleep(random_.Between(1, kLongestPause));
  }
  --world_.writers;
}

SharedSent Writer::Choose() {
  if (world_.sent.empty() || !random_.OneIn(4)) return NewSent(random_.NextUuid());
  const SharedSent& earlier = random_.Pick(world_.sent);
  // The same request again, or its id with other content.
  return random_.OneIn(4) ? NewSent(earlier->request_id) : earlier;
}

SharedSent Writer::NewSent(const Uuid& request_id) {
  Sent sent;
  sent.name = StrCat(name_, ".", number_++);
  sent.request_id = request_id;
  sent.content = sent.name;
  if (!random_.OneIn(12)) AddEvents(sent);
  while (random_.OneIn(3)) {
    const StreamId& stream = random_.Pick(world_.streams);
    sent.checks.push_back({stream, SomeExpectation(stream)});
  }
  return std::make_shared<const Sent>(std::move(sent));
}

void Writer::AddEvents(Sent& sent) {
  const int64_t count = random_.OneIn(2) ? 1 : random_.Between(1, 5);
  sent.too_large = random_.OneIn(40);
  for (int64_t i = 0; i < count; ++i) {
    std::string text = StrCat(sent.name, "/", i, " ");
    text.append(sent.too_large ? kTooLargeBytes : random_.Below(200), 'x');
    sent.events.push_back({random_.Pick(world_.streams), random_.NextUuid(), std::move(text)});
  }
  sent.echoes = random_.OneIn(3);
  sent.only_if_even = random_.OneIn(8);
  const StreamId& first = sent.events.front().stream;
  if (random_.OneIn(2)) sent.checks.push_back({first, SomeExpectation(first)});
  if (random_.OneIn(4)) {
    sent.names.push_back(
        {first, random_.Pick(NameSources()), NameValue(random_.Below(kNameValues))});
  }
}

// Often right, often stale.
Expected Writer::SomeExpectation(const StreamId& stream) {
  const uint64_t revision = world_.model.RevisionAt(stream, world_.model.size());
  switch (random_.Below(6)) {
    case 0:
      return Expected::Any();
    case 1:
      return Expected::None();
    case 2:
      return Expected::Exists();
    case 3:
      return Expected::At(revision + 1 + random_.Below(2));
    default:
      return revision == 0 ? Expected::None() : Expected::At(revision);
  }
}

void Writer::SendTogether(const std::vector<SharedSent>& all) {
  const auto answers = std::make_shared<Answers>(all.size());
  std::vector<uint64_t> from;
  for (size_t i = 0; i < all.size(); ++i) {
    world_.sent.push_back(all[i]);
    world_.model.Submitting(all[i]);
    from.push_back(log_.Head().next_position);
    log_.Submit(RequestOf(all[i]), [answers, i](absl::StatusOr<AppendResult> answer) {
      answers->Give(i, std::move(answer));
    });
  }
  const auto given = answers->AwaitAll();
  for (size_t i = 0; i < all.size(); ++i) Judge(all[i], *given[i], from[i]);
  if (answers->came_twice()) world_.Breach("an append was answered twice");
}

void Writer::Judge(const SharedSent& sent, const absl::StatusOr<AppendResult>& answer,
                   uint64_t from) {
  world_.scheduler.Note(StrCat(
      sent->name, answer.ok()
                      ? StrCat(answer->already_appended ? " again at " : " at ",
                               answer->events.empty() ? std::string("nothing")
                                                      : StrCat(answer->events.front().position))
                      : StrCat(" refused: ", answer.status().ToString())));
  const uint64_t to = world_.LearnAll(log_);
  world_.Check(world_.model.Answered(sent, answer, from, to));
}

}  // namespace caseledger::simulation
