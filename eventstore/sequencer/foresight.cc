#include "eventstore/sequencer/foresight.h"

#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/codec/marks.h"

namespace caseledger::eventstore {
namespace {

class Looks {
 public:
  explicit Looks(const RecentEvents* recent) : recent_(recent) {}

  void Add(const AppendRequest& append) {
    AddMark(MarkKeys::Request(append.key.agency, append.key.request_id));
    if (!append.foresee) return;
    const Foresight foresight = append.foresee();
    for (const Foresight::Name& name : foresight.names) {
      if (!name.source.empty()) AddMark(MarkKeys::Name(name.kind, name.source, name.value));
      AddMark(MarkKeys::NameOfAnySource(name.kind, name.value));
    }
    for (const StreamId& named : foresight.named) {
      AddStream(named);
      if (foresight.record && *foresight.record != named) {
        AddMark(MarkKeys::Reference(named, *foresight.record));
      }
    }
    if (!foresight.record) return;
    // Also one in `recent`: the engine checks that what is written continues it.
    if (known_streams_.insert(*foresight.record).second) streams_.push_back(*foresight.record);
    if (known_records_.insert(*foresight.record).second) records_.push_back(*foresight.record);
  }

  void AddStream(const StreamId& stream) {
    if (recent_ != nullptr && recent_->Newest(stream) != nullptr) return;
    if (known_streams_.insert(stream).second) streams_.push_back(stream);
  }

  const std::vector<std::string>& marks() const { return marks_; }
  const std::vector<StreamId>& streams() const { return streams_; }
  const std::vector<StreamId>& records() const { return records_; }

 private:
  // Whoever asks with what makes no key is refused for it.
  void AddMark(absl::StatusOr<std::string> key) {
    if (key.ok() && known_marks_.insert(*key).second) marks_.push_back(*std::move(key));
  }

  const RecentEvents* const recent_;
  std::vector<std::string> marks_;
  std::vector<StreamId> streams_;
  std::vector<StreamId> records_;  // that are written
  absl::flat_hash_set<std::string> known_marks_;
  absl::flat_hash_set<StreamId> known_streams_;
  absl::flat_hash_set<StreamId> known_records_;
};

}  // namespace

void UsualStreams::Asked(absl::flat_hash_set<StreamId> asked) {
  usual_.clear();
  for (const StreamId& stream : asked) {
    if (usual_.size() < kMost && before_.contains(stream)) usual_.push_back(stream);
  }
  before_ = std::move(asked);
}

absl::Status LookAhead(HeadView& view, const std::vector<const AppendRequest*>& appends,
                       const BatchContext& context, const RecentEvents& recent,
                       const UsualStreams& usual) {
  // Others lie in memory or on a disk of this machine: a look costs less there than looking ahead.
  if (!context.shared) return absl::OkStatus();
  Looks looks(recent.EndsAt(view.head().next_position) ? &recent : nullptr);
  for (const StreamId& stream : usual.streams()) looks.AddStream(stream);
  for (const AppendRequest* append : appends) looks.Add(*append);
  RETURN_IF_ERROR(view.Expect(looks.marks(), looks.streams()));
  context.sealer->Expect(context.ledger, looks.records());
  return absl::OkStatus();
}

}  // namespace caseledger::eventstore
