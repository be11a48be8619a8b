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

bool IsEmpty(const HeadsPage::Slot& slot) { return std::holds_alternative<std::monostate>(slot); }
bool IsPage(const HeadsPage::Slot& slot) { return std::holds_alternative<Hash256>(slot); }

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
    const HeadsPage::Slot& slot = page.slot(index);
    if (IsPage(slot)) return Descend(heads, /*fresh=*/false, index, page);
    std::vector<CommittedHead> all(heads.begin(), heads.end());
    added_ += heads.size();
    if (const auto* known = std::get_if<CommittedHead>(&slot)) {
      const auto place = std::lower_bound(
          all.begin(), all.end(), known->key,
          [](const CommittedHead& head, const Hash256& key) { return head.key < key; });
      if (place == all.end() || place->key != known->key) {
        all.insert(place, *known);
      } else {
        --added_;
      }
    }
    if (all.size() > 1) {
      // Counted here, and not again where they go.
      const uint64_t added = added_;
      RETURN_IF_ERROR(Descend(all, /*fresh=*/true, index, page));
      added_ = added;
      return absl::OkStatus();
    }
    page.Set(index, all.front());
    return absl::OkStatus();
  }

  absl::Status Descend(std::span<const CommittedHead> heads, bool fresh, unsigned index,
                       HeadsPage& page) {
    path_.push_back(static_cast<char>(index));
    ASSIGN_OR_RETURN(const Hash256 hash, Update(heads, fresh));
    path_.pop_back();
    page.Set(index, hash);
    return absl::OkStatus();
  }

  HeadsPages& pages_;
  std::string path_;
  uint64_t added_ = 0;
};

}  // namespace

bool HeadsPage::IsOneHead(unsigned begin, unsigned count) const {
  unsigned heads = 0;
  for (unsigned i = begin; i < begin + count; ++i) {
    if (IsPage(slots_[i])) return false;
    if (!IsEmpty(slots_[i])) ++heads;
  }
  return heads == 1;
}

Hash256 HeadsPage::HashOf(unsigned begin, unsigned count) const {
  const auto first = slots_.begin() + begin;
  const auto found = std::find_if_not(first, first + count, IsEmpty);
  if (found == first + count) return Hash256();
  if (IsOneHead(begin, count)) return HashHead(std::get<CommittedHead>(*found));
  if (count == 1) return std::get<Hash256>(*found);
  const unsigned half = count / 2;
  return HashHeadSides(HashOf(begin, half), HashOf(begin + half, half));
}

std::string HeadsPage::ToBytes() const {
  std::string bytes;
  bytes.reserve(kSlots * (1 + kHeadBytes));
  for (const Slot& slot : slots_) {
    if (IsEmpty(slot)) {
      bytes.push_back(kEmpty);
    } else if (const auto* head = std::get_if<CommittedHead>(&slot)) {
      bytes.push_back(kHead);
      bytes.append(head->key.raw());
      AppendBigEndian(bytes, head->revision);
      bytes.append(head->leaf_hash.raw());
    } else {
      bytes.push_back(kPage);
      bytes.append(std::get<Hash256>(slot).raw());
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
      page.Set(i, CommittedHead{HashAt(bytes), ReadBigEndian<uint64_t>(bytes.substr(kHashBytes)),
                                HashAt(bytes.substr(kHashBytes + sizeof(uint64_t)))});
      bytes.remove_prefix(kHeadBytes);
    } else if (tag == kPage && bytes.size() >= kHashBytes) {
      page.Set(i, HashAt(bytes));
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
    if (const auto* head = std::get_if<CommittedHead>(&page->slot(slot))) {
      if (head->key != key) break;
      return ProvenHead{*head, HeadProof(from_root.rbegin(), from_root.rend())};
    }
    if (!IsPage(page->slot(slot))) break;
    path.push_back(static_cast<char>(slot));
  }
  return absl::NotFoundError("the committed heads do not know the record");
}

}  // namespace caseledger::eventstore
