// Reads through a file in RocksDB's log format (write-ahead log, MANIFEST) and says where it is
// damaged.
//
// The format: blocks of 32 KiB; in them records of checksum (4), length (2), type (1) and bytes. A
// record does not cross a block: a longer one is cut into first, middle and last fragments. Fewer
// than 7 bytes at a block's end are zeros. Numbers are little endian; the checksum covers type and
// bytes, but not the length.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace caseledger::eventstore::rocksdb_engine {

inline constexpr size_t kLogBlockBytes = 32u << 10;

// Fed with a file's blocks in order. A writer that was stopped leaves a beginning of what it was
// writing, or zeros in its place: that is a torn end. Everything else that is no record is damage.
class LogScan {
 public:
  // `block` has kLogBlockBytes, but for the last one. False when it is damaged.
  bool Add(std::string_view block, bool is_last);

  // Valid after the last block.
  bool torn() const { return torn_; }
  // The torn end is zeros: the writer's bytes never came.
  bool ends_in_zeros() const { return zeros_; }

  // What is wrong and where, after Add returned false.
  std::string damage() const;

  // Of write-ahead logs: the sequence number of the first entry, and the one after the last.
  // Nothing when there are only empty batches, such as RocksDB writes when it opens.
  std::optional<uint64_t> first_sequence() const { return first_sequence_; }
  uint64_t next_sequence() const { return next_sequence_; }

 private:
  struct Header {
    uint32_t checksum = 0;
    size_t length = 0;
    uint8_t type = 0;
  };

  // Reads the record at `at`; its size with the header, or 0 when the scan ends here.
  size_t ReadRecord(std::string_view block, size_t at, bool is_last);
  bool AddFragment(uint8_t type, std::string_view bytes);
  void NoteBatch();
  // A record that seems to go on behind the end of the file: torn, or of a damaged length.
  void JudgeUnfinished(const Header& header, std::string_view rest, size_t room);
  bool Fail(std::string_view what);

  std::string what_;  // is damaged; "" when nothing
  uint64_t block_begin_ = 0;
  uint64_t at_ = 0;  // of the record being read
  bool torn_ = false;
  bool zeros_ = false;  // from here on
  bool in_record_ = false;
  std::string batch_header_;  // the first bytes of the record being read
  std::optional<uint64_t> first_sequence_;
  uint64_t next_sequence_ = 0;
};

}  // namespace caseledger::eventstore::rocksdb_engine
