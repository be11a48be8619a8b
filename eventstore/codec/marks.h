// Unique keys of a ledger and their values: request ids, names and references. This file alone
// knows their bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "eventstore/base/hash.h"
#include "eventstore/base/uuid.h"
#include "eventstore/event.h"

namespace caseledger::eventstore {

// Which events a request became.
struct RequestMark {
  Hash256 digest;               // HMAC-SHA-256 of the request's content
  uint64_t first_position = 0;  // of its events, which are contiguous
  uint32_t event_count = 0;
};

// Which record a name names. `ambiguous` only in entries without a source: several records bear it.
struct NameMark {
  StreamId stream;
  bool ambiguous = false;
};

// Key bytes. No two different arguments give the same key, and no two kinds of key share a first
// byte: see FORMAT.md. INVALID_ARGUMENT when a text is longer than kMaxTextBytes.
class MarkKeys {
 public:
  static constexpr size_t kMaxTextBytes = 1024;

  static absl::StatusOr<std::string> Request(std::string_view agency, const Uuid& request_id);
  // A name as one source gives it.
  static absl::StatusOr<std::string> Name(uint32_t kind, std::string_view source,
                                          std::string_view value);
  // The same name whatever its source.
  static absl::StatusOr<std::string> NameOfAnySource(uint32_t kind, std::string_view value);
  // That a fact of `from` names `to`. The value is empty.
  static std::string Reference(const StreamId& to, const StreamId& from);
  // What all keys of references to `to` begin with, and no others.
  static std::string ReferencesTo(const StreamId& to);
};

// What a key says. Only the fields of its kind are meaningful; texts point into the key.
struct MarkKeyParts {
  enum class Kind { kRequest, kName, kNameOfAnySource, kReference };
  Kind kind = Kind::kRequest;
  std::string_view agency;  // of a request
  Uuid request_id;
  uint32_t record_kind = 0;  // of a name
  std::string_view source;
  std::string_view value;
  StreamId to;  // of a reference
  StreamId from;
};

// DATA_LOSS for bytes that no method of MarkKeys makes.
absl::StatusOr<MarkKeyParts> DecodeMarkKey(std::string_view key);

std::string EncodeMark(const RequestMark& mark);
std::string EncodeMark(const NameMark& mark);

// DATA_LOSS when the bytes are damaged.
absl::StatusOr<RequestMark> DecodeRequestMark(std::string_view bytes);
absl::StatusOr<NameMark> DecodeNameMark(std::string_view bytes);
// The record whose fact names another, from the key of the reference.
absl::StatusOr<StreamId> DecodeReferrer(std::string_view key);

}  // namespace caseledger::eventstore
