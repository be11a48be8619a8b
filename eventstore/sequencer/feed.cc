#include "eventstore/sequencer/feed.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/status/status.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"

namespace caseledger::eventstore {
namespace {

// At most a year: a longer wait would overflow the clock.
std::chrono::microseconds Microseconds(absl::Duration timeout) {
  return absl::ToChronoMicroseconds(std::min(timeout, absl::Hours(24 * 365)));
}

// Pages from storage up to the position from which the mailbox has everything, then empties the
// mailbox; back to paging when the mailbox overflowed.
class LiveSubscription final : public Subscription {
 public:
  LiveSubscription(const LedgerReader& reader, std::shared_ptr<Mailbox> mailbox, uint64_t from,
                   uint64_t page_end)
      : reader_(reader), mailbox_(std::move(mailbox)), next_position_(from), page_end_(page_end) {}

  ~LiveSubscription() override { mailbox_->Cancel(); }

  absl::StatusOr<Delivery> Next(absl::Duration timeout) override {
    while (true) {
      if (next_position_ < page_end_) return ReadPage();
      const bool wait = caught_up_;
      ASSIGN_OR_RETURN(const Mailbox::Contents contents, mailbox_->Take(wait, timeout));
      if (!contents.overflowed) return Deliver(contents);
      page_end_ = mailbox_->Restart();
      if (std::exchange(caught_up_, false)) return Empty(Change::kFellBehind);
    }
  }

  void Cancel() override { mailbox_->Cancel(); }

 private:
  Delivery Empty(Change change) const {
    Delivery delivery;
    delivery.change = change;
    delivery.next_position = next_position_;
    return delivery;
  }

  absl::StatusOr<Delivery> ReadPage() {
    if (!mailbox_->BeginRead()) return absl::CancelledError("the subscription has ended");
    absl::StatusOr<std::vector<RecordedEvent>> page =
        reader_.ReadPage(next_position_, page_end_, 0);
    mailbox_->EndRead();
    RETURN_IF_ERROR(page.status());
    next_position_ += page->size();
    Delivery delivery = Empty(Change::kNone);
    delivery.events = *std::move(page);
    return delivery;
  }

  Delivery Deliver(const Mailbox::Contents& contents) {
    Delivery delivery;
    for (const SharedBatch& batch : contents.batches) {
      delivery.events.Add(EventList::Shared(batch, &batch->events), 0, batch->events.size());
      next_position_ = batch->end_position();
    }
    page_end_ = next_position_;
    delivery.next_position = next_position_;
    if (contents.emptied && !std::exchange(caught_up_, true)) delivery.change = Change::kCaughtUp;
    return delivery;
  }

  const LedgerReader& reader_;
  const std::shared_ptr<Mailbox> mailbox_;
  uint64_t next_position_;  // of the next event to deliver
  uint64_t page_end_;       // below it events are paged, from it on they are in the mailbox
  bool caught_up_ = false;  // said so, and not fallen behind since
};

}  // namespace

Mailbox::Mailbox(const LogLimits& limits, SubscriberKind kind, uint64_t next_position)
    : limits_(limits), kind_(kind), next_position_(next_position) {}

void Mailbox::Clear() {
  batches_.clear();
  events_ = 0;
  bytes_ = 0;
}

void Mailbox::Put(const SharedBatch& batch) {
  MutexLock lock(&mutex_);
  const bool follows = batch->first_position() == next_position_;
  next_position_ = batch->end_position();
  if (cancelled_ || overflowed_) return;
  if (!follows || events_ + batch->events.size() > limits_.subscriber_buffer_events ||
      bytes_ + batch->stored_bytes > limits_.subscriber_buffer_bytes) {
    overflowed_ = true;
    Clear();
    return;
  }
  events_ += batch->events.size();
  bytes_ += batch->stored_bytes;
  batches_.push_back(batch);
}

bool Mailbox::NotReading() const { return !reading_; }

bool Mailbox::SomethingToTake() const { return cancelled_ || overflowed_ || !batches_.empty(); }

absl::StatusOr<Mailbox::Contents> Mailbox::Take(bool wait, absl::Duration timeout) {
  MutexLock lock(&mutex_);
  if (wait) mutex_.AwaitFor(this, &Mailbox::SomethingToTake, Microseconds(timeout));
  if (cancelled_) return absl::CancelledError("the subscription has ended");
  Contents contents;
  contents.overflowed = overflowed_;
  size_t page_events = 0;
  size_t page_bytes = 0;
  while (!batches_.empty() && page_events < limits_.max_page_events &&
         page_bytes < limits_.max_page_bytes) {
    page_events += batches_.front()->events.size();
    page_bytes += batches_.front()->stored_bytes;
    contents.batches.push_back(std::move(batches_.front()));
    batches_.pop_front();
  }
  events_ -= page_events;
  bytes_ -= page_bytes;
  contents.emptied = !overflowed_ && batches_.empty();
  if (wait && !overflowed_ && contents.batches.empty()) {
    return absl::DeadlineExceededError("no new events yet");
  }
  return contents;
}

uint64_t Mailbox::Restart() {
  MutexLock lock(&mutex_);
  overflowed_ = false;
  return next_position_;
}

void Mailbox::Cancel() {
  MutexLock lock(&mutex_);
  cancelled_ = true;
  Clear();
}

bool Mailbox::finished() const {
  MutexLock lock(&mutex_);
  return cancelled_ && !reading_;
}

bool Mailbox::BeginRead() {
  MutexLock lock(&mutex_);
  if (cancelled_) return false;
  reading_ = true;
  return true;
}

void Mailbox::EndRead() {
  MutexLock lock(&mutex_);
  reading_ = false;
}

void Mailbox::WaitForRead() {
  MutexLock lock(&mutex_);
  mutex_.Await(this, &Mailbox::NotReading);
}

Feed::Feed(const LedgerReader& reader, const LogLimits& limits, uint64_t next_position)
    : reader_(reader), limits_(limits), next_position_(next_position) {}

void Feed::ForgetFinished() {
  std::erase_if(mailboxes_, [](const auto& mailbox) { return mailbox->finished(); });
}

bool Feed::HasRoomFor(SubscriberKind kind) const {
  const auto taken = std::ranges::count(mailboxes_, kind, [](const auto& m) { return m->kind(); });
  const size_t most =
      kind == SubscriberKind::kWorker ? limits_.max_worker_subscribers : limits_.max_subscribers;
  return static_cast<size_t>(taken) < most;
}

absl::StatusOr<std::unique_ptr<Subscription>> Feed::Subscribe(uint64_t from, SubscriberKind kind) {
  MutexLock lock(&mutex_);
  if (closed_) return absl::UnavailableError("the log is closed");
  if (from > next_position_) {
    return absl::OutOfRangeError(
        StrCat("position ", from, " is beyond the end, which is ", next_position_));
  }
  ForgetFinished();
  if (!HasRoomFor(kind)) return absl::ResourceExhaustedError("too many subscribers");
  auto mailbox = std::make_shared<Mailbox>(limits_, kind, next_position_);
  mailboxes_.push_back(mailbox);
  return std::make_unique<LiveSubscription>(reader_, std::move(mailbox), from, next_position_);
}

size_t Feed::Count(SubscriberKind kind) const {
  std::vector<std::shared_ptr<Mailbox>> mailboxes;
  {
    MutexLock lock(&mutex_);
    mailboxes = mailboxes_;  // looked at outside, so that a commit does not wait
  }
  return static_cast<size_t>(std::ranges::count_if(mailboxes, [kind](const auto& mailbox) {
    return mailbox->kind() == kind && !mailbox->finished();
  }));
}

void Feed::Publish(const SharedBatch& batch) {
  MutexLock lock(&mutex_);
  next_position_ = batch->end_position();
  for (const auto& mailbox : mailboxes_) mailbox->Put(batch);
}

void Feed::Close() {
  std::vector<std::shared_ptr<Mailbox>> mailboxes;
  {
    MutexLock lock(&mutex_);
    closed_ = true;
    mailboxes = mailboxes_;
  }
  for (const auto& mailbox : mailboxes) mailbox->Cancel();
  for (const auto& mailbox : mailboxes) mailbox->WaitForRead();
}

}  // namespace caseledger::eventstore
