#include "eventstore/verifiable/heads_replay.h"

#include <utility>
#include <vector>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"

namespace caseledger::eventstore {

class HeadsReplay::Pages final : public HeadsPages {
 public:
  absl::StatusOr<std::optional<HeadsPage>> Read(std::string_view path) const override {
    const auto found = pages_.find(ToAbsl(path));
    if (found == pages_.end()) return std::nullopt;
    return found->second;
  }
  void Write(std::string_view path, const HeadsPage& page) override {
    pages_.insert_or_assign(std::string(path), page);
  }

 private:
  absl::flat_hash_map<std::string, HeadsPage> pages_;
};

HeadsReplay::HeadsReplay() : pages_(std::make_unique<Pages>()) {}
HeadsReplay::~HeadsReplay() = default;

void HeadsReplay::Add(const StreamId& stream, uint64_t revision, const Hash256& leaf_hash) {
  pending_.push_back({stream, revision, leaf_hash});
  if (pending_.size() > kMostBehind) TakeOldest(1);
}

void HeadsReplay::TakeOldest(size_t count) {
  for (; count > 0; --count) {
    changed_[pending_.front().stream] = pending_.front();
    pending_.pop_front();
    ++taken_;
  }
}

absl::StatusOr<std::vector<HeadChange>> HeadsReplay::TakeChanges(uint64_t tree_size) {
  if (tree_size < taken_) {
    return absl::InvalidArgumentError(
        StrCat("heads over ", tree_size, " events come after heads over ", taken_));
  }
  if (tree_size - taken_ > pending_.size()) {
    return absl::InvalidArgumentError(
        StrCat("heads over ", tree_size, " events come after only ", taken_ + pending_.size()));
  }
  TakeOldest(static_cast<size_t>(tree_size - taken_));
  std::vector<HeadChange> changes;
  changes.reserve(changed_.size());
  for (const auto& [stream, change] : changed_) changes.push_back(change);
  changed_.clear();
  return changes;
}

absl::StatusOr<HeadsReplay::Heads> HeadsReplay::Apply(const std::vector<HeadChange>& changes) {
  if (changes.empty()) return heads_;
  std::vector<CommittedHead> heads;
  heads.reserve(changes.size());
  for (const HeadChange& change : changes) {
    heads.push_back({HeadKey(change.stream), change.revision, change.leaf_hash});
  }
  ASSIGN_OR_RETURN(const HeadsUpdate updated, UpdateHeads(std::move(heads), *pages_));
  heads_ = {updated.root, heads_.stream_count + updated.added};
  return heads_;
}

absl::StatusOr<HeadsReplay::Heads> HeadsReplay::At(uint64_t tree_size) {
  ASSIGN_OR_RETURN(const std::vector<HeadChange> changes, TakeChanges(tree_size));
  return Apply(changes);
}

}  // namespace caseledger::eventstore
