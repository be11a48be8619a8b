// Keeps the tree of stream_heads.h in pages, so that bringing it up to date costs what changed.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/hash.h"
#include "eventstore/verifiable/stream_heads.h"

namespace caseledger::eventstore {

// All keys that begin with the page's path, sorted into 16 slots by the four bits that follow. A
// slot is empty, holds the only head below it, or stands for a page of its own, which holds two
// heads at least.
class HeadsPage {
 public:
  static constexpr unsigned kSlots = 16;

  struct Slot {
    uint8_t index = 0;
    Hash256 hash;                       // of the head or of the page
    std::optional<CommittedHead> head;  // nullopt: a page
  };

  // Null when the slot is empty.
  const Slot* Find(unsigned index) const;
  void SetHead(unsigned index, const CommittedHead& head);
  void SetPage(unsigned index, const Hash256& hash);

  // Of the part of the tree that the page is. A page with a single head is that head's hash.
  Hash256 Hash() const { return HashOf(0, kSlots); }
  // Of slots [begin, begin + count), `count` a power of two.
  Hash256 HashOf(unsigned begin, unsigned count) const;
  // Whether these slots hold nothing but one head.
  bool IsOneHead(unsigned begin, unsigned count) const;

  // The same page gives the same bytes.
  std::string ToBytes() const;
  // INVALID_ARGUMENT.
  static absl::StatusOr<HeadsPage> FromBytes(std::string_view bytes);

 private:
  std::span<const Slot> Range(unsigned begin, unsigned count) const;
  void Set(Slot slot);

  std::vector<Slot> slots_;  // those that are not empty, by index
};

// Where pages are kept, by path: one byte of 0 to 15 for each four bits.
class HeadsPages {
 public:
  virtual ~HeadsPages() = default;
  // Nullopt when there is none.
  virtual absl::StatusOr<std::optional<HeadsPage>> Read(std::string_view path) const = 0;
  virtual void Write(std::string_view path, const HeadsPage& page) = 0;
};

// Takes in heads: each replaces the one of its key. At most one for a key. Returns the root
// and how many keys are new. Passes on errors of `pages`; INTERNAL when pages contradict each
// other.
struct HeadsUpdate {
  Hash256 root;
  uint64_t added = 0;
};
absl::StatusOr<HeadsUpdate> UpdateHeads(std::vector<CommittedHead> heads, HeadsPages& pages);

// What the tree says of a key, with its proof. NOT_FOUND: the tree has no such key.
struct ProvenHead {
  CommittedHead head;
  HeadProof proof;
};
absl::StatusOr<ProvenHead> ProveHead(const Hash256& key, const HeadsPages& pages);

}  // namespace caseledger::eventstore
