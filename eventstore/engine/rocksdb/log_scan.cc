#include "eventstore/engine/rocksdb/log_scan.h"

#include <algorithm>

#include "eventstore/base/strings.h"
#include "eventstore/engine/rocksdb/crc32c.h"

namespace caseledger::eventstore::rocksdb_engine {
namespace {

constexpr size_t kHeaderBytes = 7;
constexpr size_t kBatchHeaderBytes = 12;  // of a write batch: sequence number (8), entries (4)

constexpr uint8_t kFull = 1;
constexpr uint8_t kFirst = 2;
constexpr uint8_t kMiddle = 3;
constexpr uint8_t kLast = 4;

uint64_t LittleEndian(std::string_view bytes) {
  uint64_t number = 0;
  for (size_t i = bytes.size(); i > 0; --i)
    number = number << 8 | static_cast<uint8_t>(bytes[i - 1]);
  return number;
}

// RocksDB stores checksums rotated, so that a checksum of bytes with checksums in them is no
// special case.
uint32_t Stored(const Crc32c& checksum) {
  const uint32_t value = checksum.value();
  return ((value >> 15) | (value << 17)) + 0xa282ead8u;
}

bool AllZeros(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char byte) { return byte == 0; });
}

bool BeginsRecord(uint8_t type) { return type == kFull || type == kFirst; }
bool IsKnown(uint8_t type) { return type >= kFull && type <= kLast; }

}  // namespace

bool LogScan::Add(std::string_view block, bool is_last) {
  size_t at = 0;
  while (!zeros_ && !torn_ && what_.empty() && at + kHeaderBytes <= block.size()) {
    at_ = block_begin_ + at;
    at += ReadRecord(block, at, is_last);
  }
  const std::string_view rest = block.substr(std::min(at, block.size()));
  if (zeros_ && !AllZeros(rest)) return Fail("bytes follow where a record was never written");
  if (!zeros_ && !torn_ && what_.empty() && !rest.empty()) {
    at_ = block_begin_ + at;
    if (block.size() == kLogBlockBytes) {
      if (!AllZeros(rest)) return Fail("the block's end is not empty");
    } else {
      torn_ = true;
    }
  }
  block_begin_ += block.size();
  if (is_last) torn_ = torn_ || zeros_ || in_record_;
  return what_.empty();
}

std::string LogScan::damage() const { return StrCat("at byte ", at_, ": ", what_); }

size_t LogScan::ReadRecord(std::string_view block, size_t at, bool is_last) {
  const std::string_view bytes = block.substr(at);
  const Header header = {static_cast<uint32_t>(LittleEndian(bytes.substr(0, 4))),
                         static_cast<size_t>(LittleEndian(bytes.substr(4, 2))),
                         static_cast<uint8_t>(bytes[6])};
  if (AllZeros(bytes.substr(0, kHeaderBytes))) {
    zeros_ = true;
    return 0;
  }
  const std::string_view rest = bytes.substr(kHeaderBytes);
  if (header.length > rest.size()) {
    if (!is_last) {
      Fail("a record is longer than its block");
    } else {
      JudgeUnfinished(header, rest, kLogBlockBytes - at - kHeaderBytes);
    }
    return 0;
  }
  Crc32c checksum;
  checksum.Add(bytes.substr(kHeaderBytes - 1, 1 + header.length));
  if (Stored(checksum) != header.checksum) {
    Fail("a record's checksum is wrong");
    return 0;
  }
  if (!AddFragment(header.type, rest.substr(0, header.length))) return 0;
  return kHeaderBytes + header.length;
}

bool LogScan::AddFragment(uint8_t type, std::string_view bytes) {
  if (!IsKnown(type)) return Fail("a record is of an unknown type");
  if (BeginsRecord(type) == in_record_) return Fail("a part of a record is missing");
  if (BeginsRecord(type)) batch_header_.clear();
  batch_header_.append(
      bytes.substr(0, kBatchHeaderBytes - std::min(kBatchHeaderBytes, batch_header_.size())));
  in_record_ = type == kFirst || type == kMiddle;
  if (!in_record_) NoteBatch();
  return true;
}

// In a MANIFEST the numbers mean nothing and nobody asks for them.
void LogScan::NoteBatch() {
  if (batch_header_.size() < kBatchHeaderBytes) return;
  const uint64_t sequence = LittleEndian(std::string_view(batch_header_).substr(0, 8));
  const uint64_t entries = LittleEndian(std::string_view(batch_header_).substr(8, 4));
  if (entries == 0) return;
  if (!first_sequence_) first_sequence_ = sequence;
  next_sequence_ = sequence + entries;
}

void LogScan::JudgeUnfinished(const Header& header, std::string_view rest, size_t room) {
  if (header.length > room) {
    Fail("a record is longer than its block");
    return;
  }
  if (!IsKnown(header.type) || BeginsRecord(header.type) == in_record_) {
    Fail("a record is of a wrong type");
    return;
  }
  // Of a torn record the bytes up to its checksum's end are missing. When the checksum is right
  // for fewer bytes, the record is whole and its length is wrong.
  Crc32c checksum;
  checksum.Add(static_cast<char>(header.type));
  bool whole = Stored(checksum) == header.checksum;
  for (const char byte : rest) {
    if (whole) break;
    checksum.Add(byte);
    whole = Stored(checksum) == header.checksum;
  }
  if (whole) {
    Fail("a record's length is wrong");
    return;
  }
  torn_ = true;
}

bool LogScan::Fail(std::string_view what) {
  what_ = what;
  return false;
}

}  // namespace caseledger::eventstore::rocksdb_engine
