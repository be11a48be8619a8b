// Unique keys of a ledger: different things never share a key, values decode to what they encode.
#include <fuzzer/FuzzedDataProvider.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "eventstore/codec/marks.h"
#include "tests/fuzz/support/check.h"

namespace caseledger::fuzz {
namespace {

using eventstore::MarkKeys;

constexpr size_t kMostText = MarkKeys::kMaxTextBytes + 8;

// A key, and everything it was made of.
using NamedKey = std::pair<std::vector<std::string>, std::string>;

eventstore::StreamId MakeStream(FuzzedDataProvider& in) {
  eventstore::StreamId stream{in.ConsumeIntegral<uint32_t>(), {}};
  in.ConsumeData(stream.id.bytes.data(), stream.id.bytes.size());
  return stream;
}

NamedKey MakeKey(FuzzedDataProvider& in) {
  const int form = in.ConsumeIntegralInRange(0, 3);
  const auto kind = in.ConsumeIntegral<uint32_t>();
  const std::string a = in.ConsumeRandomLengthString(kMostText);
  const std::string b = in.ConsumeRandomLengthString(kMostText);
  std::vector<std::string> parts{std::to_string(form)};
  if (form == 3) {
    const eventstore::StreamId to = MakeStream(in), from = MakeStream(in);
    const std::string key = MarkKeys::Reference(to, from);
    const auto found = eventstore::DecodeReferrer(key);
    Check(found.ok() && *found == from, "a reference's key says who refers");
    for (const auto& stream : {to, from}) {
      parts.insert(parts.end(), {std::to_string(stream.kind), stream.id.ToString()});
    }
    return {std::move(parts), key};
  }
  absl::StatusOr<std::string> key;
  if (form == 0) {
    Uuid id;
    in.ConsumeData(id.bytes.data(), id.bytes.size());
    key = MarkKeys::Request(a, id);
    parts.insert(parts.end(), {a, std::string(id.raw())});
  } else if (form == 1) {
    key = MarkKeys::Name(kind, a, b);
    parts.insert(parts.end(), {std::to_string(kind), a, b});
  } else {
    key = MarkKeys::NameOfAnySource(kind, a);
    parts.insert(parts.end(), {std::to_string(kind), a});
  }
  const bool fits =
      a.size() <= MarkKeys::kMaxTextBytes && (form != 1 || b.size() <= MarkKeys::kMaxTextBytes);
  Check(key.ok() == fits, "a key has texts of up to 1024 bytes");
  return {std::move(parts), key.value_or("")};
}

// Any bytes: not a key, or the key that is made of its parts.
void CheckAnyKey(std::string_view bytes) {
  using Kind = eventstore::MarkKeyParts::Kind;
  const auto parts = eventstore::DecodeMarkKey(bytes);
  if (!parts.ok()) {
    Check(absl::IsDataLoss(parts.status()), "a damaged key is data loss");
    return;
  }
  absl::StatusOr<std::string> key = MarkKeys::Reference(parts->to, parts->from);
  if (parts->kind == Kind::kRequest) key = MarkKeys::Request(parts->agency, parts->request_id);
  if (parts->kind == Kind::kName) {
    key = MarkKeys::Name(parts->record_kind, parts->source, parts->value);
  }
  if (parts->kind == Kind::kNameOfAnySource) {
    key = MarkKeys::NameOfAnySource(parts->record_kind, parts->value);
  }
  Check(key.ok() && *key == bytes, "a key is made again of its parts");
}

void CheckValues(std::string_view bytes) {
  const auto referrer = eventstore::DecodeReferrer(bytes);
  Check(referrer.ok() || absl::IsDataLoss(referrer.status()), "a damaged reference is data loss");
  if (const auto mark = eventstore::DecodeRequestMark(bytes); mark.ok()) {
    // Fields of a newer program are passed over.
    const std::string known = eventstore::EncodeMark(*mark);
    const auto again = eventstore::DecodeRequestMark(known);
    Check(again.ok() && eventstore::EncodeMark(*again) == known,
          "a request mark is kept by its bytes");
  } else {
    Check(absl::IsDataLoss(mark.status()), "a damaged request mark is data loss");
  }
  if (const auto mark = eventstore::DecodeNameMark(bytes); mark.ok()) {
    // Fields of a newer program are passed over.
    const std::string known = eventstore::EncodeMark(*mark);
    const auto again = eventstore::DecodeNameMark(known);
    Check(again.ok() && eventstore::EncodeMark(*again) == known,
          "a name mark is kept by its bytes");
  } else {
    Check(absl::IsDataLoss(mark.status()), "a damaged name mark is data loss");
  }
}

}  // namespace
}  // namespace caseledger::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace caseledger;
  fuzz::CheckValues({reinterpret_cast<const char*>(data), size});
  fuzz::CheckAnyKey({reinterpret_cast<const char*>(data), size});
  FuzzedDataProvider in(data, size);
  const fuzz::NamedKey one = fuzz::MakeKey(in);
  const fuzz::NamedKey other = fuzz::MakeKey(in);
  if (one.second.empty() || other.second.empty()) return 0;
  fuzz::Check((one.first == other.first) == (one.second == other.second),
              "different things have different keys");
  return 0;
}
