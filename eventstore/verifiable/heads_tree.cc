#include "eventstore/verifiable/heads_tree.h"

#include <algorithm>
#include <span>
#include <utility>

#include "eventstore/base/big_endian.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"

namespace caseledger::eventstore {
namespace {

constexpr unsigned kBitsPerPage = 4;
constexpr unsigned kMaxPathLength = 8 * sizeof(Hash256::bytes) / kBitsPerPage;
constexpr size_t kHashBytes = sizeof(Hash256::bytes);
constexpr size_t kHeadBytes = kHashBytes + sizeof(uint64_t) + kHashBytes;

// Before each slot's bytes.
enum Tag : char { kEmpty = 0, kHead = 1, kPage = 2 };

unsigned SlotOf(const Hash256& key, size_t path_length) {
  const uint8_t byte = key.bytes[path_length / 2];
  return path_length % 2 == 0 ? byte >> kBitsPerPage : byte & (HeadsPage::kSlots - 1);
}

Hash256 HashAt(std::string_view bytes) {
  Hash256 hash;
  std::copy_n(bytes.begin(), kHashBytes, hash.bytes.begin());
  return hash;
}

absl::Status Contradiction() {
  return absl::InternalError("pages of the committed heads contradict each other");
}

class Updater {
 public:
  explicit Updater(HeadsPages& pages) : pages_(pages) {}

  // Of the page at path_, after it took in `heads`, which are sorted by key. `fresh`: the page is
  // new, nothing needs to be read.
  absl::StatusOr<Hash256> Update(std::span<const CommittedHead> heads, bool fresh) {
    if (path_.size() >= kMaxPathLength) return Contradiction();
    HeadsPage page;
    if (!fresh) {
      ASSIGN_OR_RETURN(std::optional<HeadsPage> stored, pages_.Read(path_));
      if (stored) {
        page = *std::move(stored);
      } else if (!path_.empty()) {
        return Contradiction();
      }
    }
    while (!heads.empty()) {
      const unsigned slot = SlotOf(heads.front().key, path_.size());
      const auto end = std::find_if(heads.begin(), heads.end(), [&](const CommittedHead& head) {
        return SlotOf(head.key, path_.size()) != slot;
      });
      const auto count = static_cast<size_t>(end - heads.begin());
      RETURN_IF_ERROR(TakeIn(heads.first(count), slot, page));
      heads = heads.subspan(count);
    }
    pages_.Write(path_, page);
    return page.Hash();
  }

  uint64_t added() const { return added_; }

 private:
  absl::Status TakeIn(std::span<const CommittedHead> heads, unsigned index, HeadsPage& page) {
    const HeadsPage::Slot* slot = page.Find(index);
    if (slot != nullptr && !slot->head) return Descend(heads, /*fresh=*/false, index, page);
    added_ += heads.size();
    std::vector<CommittedHead> all(heads.begin(), heads.end());
    if (slot != nullptr) {
      const auto place = std::lower_bound(
          all.begin(), all.end(), slot->head->key,
          [](const CommittedHead& head, const Hash256& key) { return head.key < key; });
      if (place == all.end() || place->key != slot->head->key) {
        all.insert(place, *slot->head);
      } else {
        --added_;
      }
    }
    if (all.size() == 1) {
      page.SetHead(index, all.front());
      return absl::OkStatus();
    }
    // Counted here, and not again where they go.
    const uint64_t added = added_;
    RETURN_IF_ERROR(Descend(all, /*fresh=*/true, index, page));
    added_ = added;
    return absl::OkStatus();
  }

  absl::Status Descend(std::span<const CommittedHead> heads, bool fresh, unsigned index,
                       HeadsPage& page) {
    path_.push_back(static_cast<char>(index));
    ASSIGN_OR_RETURN(const Hash256 hash, Update(heads, fresh));
    path_.pop_back();
    page.SetPage(index, hash);
    return absl::OkStatus();
  }

  HeadsPages& pages_;
  std::string path_;
  uint64_t added_ = 0;
};

}  // namespace

std::span<const HeadsPage::Slot> HeadsPage::Range(unsigned begin, unsigned count) const {
  const auto below = [](const Slot& slot, unsigned index) { return slot.index < index; };
  const auto first = std::lower_bound(slots_.begin(), slots_.end(), begin, below);
  return {first, std::lower_bound(first, slots_.end(), begin + count, below)};
}

const HeadsPage::Slot* HeadsPage::Find(unsigned index) const {
  const std::span<const Slot> found = Range(index, 1);
  return found.empty() ? nullptr : &found.front();
}

void HeadsPage::Set(Slot slot) {
  const auto place = slots_.begin() + (Range(slot.index, 1).data() - slots_.data());
  if (place != slots_.end() && place->index == slot.index) {
    *place = slot;
  } else {
    slots_.insert(place, slot);
  }
}

void HeadsPage::SetHead(unsigned index, const CommittedHead& head) {
  Set({static_cast<uint8_t>(index), HashHead(head), head});
}

void HeadsPage::SetPage(unsigned index, const Hash256& hash) {
  Set({static_cast<uint8_t>(index), hash, std::nullopt});
}

bool HeadsPage::IsOneHead(unsigned begin, unsigned count) const {
  const std::span<const Slot> range = Range(begin, count);
  return range.size() == 1 && range.front().head.has_value();
}

Hash256 HeadsPage::HashOf(unsigned begin, unsigned count) const {
  const std::span<const Slot> range = Range(begin, count);
  if (range.empty()) return Hash256();
  if (count == 1 || (range.size() == 1 && range.front().head)) return range.front().hash;
  const unsigned half = count / 2;
  return HashHeadSides(HashOf(begin, half), HashOf(begin + half, half));
}

std::string HeadsPage::ToBytes() const {
  std::string bytes;
  bytes.reserve(kSlots + slots_.size() * kHeadBytes);
  for (unsigned i = 0; i < kSlots; ++i) {
    const Slot* slot = Find(i);
    if (slot == nullptr) {
      bytes.push_back(kEmpty);
    } else if (slot->head) {
      bytes.push_back(kHead);
      bytes.append(slot->head->key.raw());
      AppendBigEndian(bytes, slot->head->revision);
      bytes.append(slot->head->leaf_hash.raw());
    } else {
      bytes.push_back(kPage);
      bytes.append(slot->hash.raw());
    }
  }
  return bytes;
}

absl::StatusOr<HeadsPage> HeadsPage::FromBytes(std::string_view bytes) {
  HeadsPage page;
  const auto wrong = [] { return absl::InvalidArgumentError("no page of committed heads"); };
  for (unsigned i = 0; i < kSlots; ++i) {
    if (bytes.empty()) return wrong();
    const char tag = bytes.front();
    bytes.remove_prefix(1);
    if (tag == kHead && bytes.size() >= kHeadBytes) {
      page.SetHead(i, {HashAt(bytes), ReadBigEndian<uint64_t>(bytes.substr(kHashBytes)),
                       HashAt(bytes.substr(kHashBytes + sizeof(uint64_t)))});
      bytes.remove_prefix(kHeadBytes);
    } else if (tag == kPage && bytes.size() >= kHashBytes) {
      page.SetPage(i, HashAt(bytes));
      bytes.remove_prefix(kHashBytes);
    } else if (tag != kEmpty) {
      return wrong();
    }
  }
  if (!bytes.empty()) return wrong();
  return page;
}

absl::StatusOr<HeadsUpdate> UpdateHeads(std::vector<CommittedHead> heads, HeadsPages& pages) {
  std::sort(heads.begin(), heads.end(),
            [](const CommittedHead& a, const CommittedHead& b) { return a.key < b.key; });
  Updater updater(pages);
  ASSIGN_OR_RETURN(const Hash256 root, updater.Update(heads, /*fresh=*/false));
  return HeadsUpdate{root, updater.added()};
}

absl::StatusOr<ProvenHead> ProveHead(const Hash256& key, const HeadsPages& pages) {
  std::string path;
  HeadProof from_root;
  while (path.size() < kMaxPathLength) {
    ASSIGN_OR_RETURN(const std::optional<HeadsPage> page, pages.Read(path));
    if (!page) break;
    const unsigned slot = SlotOf(key, path.size());
    unsigned begin = 0;
    for (unsigned count = HeadsPage::kSlots; count > 1 && !page->IsOneHead(begin, count);) {
      count /= 2;
      const bool right = slot >= begin + count;
      from_root.push_back(page->HashOf(right ? begin : begin + count, count));
      if (right) begin += count;
    }
    const HeadsPage::Slot* found = page->Find(slot);
    if (found == nullptr) break;
    if (found->head) {
      if (found->head->key != key) break;
      return ProvenHead{*found->head, HeadProof(from_root.rbegin(), from_root.rend())};
    }
    path.push_back(static_cast<char>(slot));
  }
  return absl::NotFoundError("the committed heads do not know the record");
}

}  // namespace caseledger::eventstore
