#include "eventstore/codec/marks.h"

#include <algorithm>
#include <optional>

#include "absl/status/status.h"
#include "caseledger/storage/v1/envelope.pb.h"
#include "eventstore/base/big_endian.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"

namespace caseledger::eventstore {
namespace {

// First byte of each kind of key. Never re-use one.
constexpr char kRequestPrefix = 0x01;
constexpr char kNamePrefix = 0x02;
constexpr char kNameOfAnySourcePrefix = 0x03;
constexpr char kReferencePrefix = 0x04;
constexpr size_t kStreamBytes = 4 + 16;
static_assert(MarkKeys::kMaxTextBytes <= 0xFFFF, "lengths are stored in two bytes");

void AppendStream(std::string& key, const StreamId& stream) {
  AppendBigEndian(key, stream.kind);
  key.append(stream.id.raw());
}

absl::Status CheckLength(std::string_view text) {
  if (text.size() <= MarkKeys::kMaxTextBytes) return absl::OkStatus();
  return absl::InvalidArgumentError(
      StrCat("a name, source or agency is longer than ", MarkKeys::kMaxTextBytes, " bytes"));
}

}  // namespace

absl::StatusOr<std::string> MarkKeys::Request(std::string_view agency, const Uuid& request_id) {
  RETURN_IF_ERROR(CheckLength(agency));
  std::string key(1, kRequestPrefix);
  AppendLengthPrefixed(key, agency);
  key.append(request_id.raw());
  return key;
}

absl::StatusOr<std::string> MarkKeys::Name(uint32_t kind, std::string_view source,
                                           std::string_view value) {
  RETURN_IF_ERROR(CheckLength(source));
  RETURN_IF_ERROR(CheckLength(value));
  std::string key(1, kNamePrefix);
  AppendBigEndian(key, kind);
  AppendLengthPrefixed(key, source);
  AppendLengthPrefixed(key, value);
  return key;
}

absl::StatusOr<std::string> MarkKeys::NameOfAnySource(uint32_t kind, std::string_view value) {
  RETURN_IF_ERROR(CheckLength(value));
  std::string key(1, kNameOfAnySourcePrefix);
  AppendBigEndian(key, kind);
  AppendLengthPrefixed(key, value);
  return key;
}

std::string MarkKeys::ReferencesTo(const StreamId& to) {
  std::string key(1, kReferencePrefix);
  AppendStream(key, to);
  return key;
}

std::string MarkKeys::Reference(const StreamId& to, const StreamId& from) {
  std::string key = ReferencesTo(to);
  AppendStream(key, from);
  return key;
}

std::string EncodeMark(const RequestMark& mark) {
  storage::v1::RequestMark stored;
  stored.set_digest(std::string(mark.digest.raw()));
  stored.set_first_position(mark.first_position);
  stored.set_event_count(mark.event_count);
  return stored.SerializeAsString();
}

std::string EncodeMark(const NameMark& mark) {
  storage::v1::NameMark stored;
  stored.set_stream_kind(mark.stream.kind);
  stored.set_stream_id(std::string(mark.stream.id.raw()));
  stored.set_ambiguous(mark.ambiguous);
  return stored.SerializeAsString();
}

absl::StatusOr<RequestMark> DecodeRequestMark(std::string_view bytes) {
  storage::v1::RequestMark stored;
  RequestMark mark;
  if (!stored.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ||
      stored.digest().size() != mark.digest.bytes.size() || stored.event_count() == 0) {
    return absl::DataLossError("the entry of a request id is damaged");
  }
  std::copy(stored.digest().begin(), stored.digest().end(), mark.digest.bytes.begin());
  mark.first_position = stored.first_position();
  mark.event_count = stored.event_count();
  return mark;
}

absl::StatusOr<NameMark> DecodeNameMark(std::string_view bytes) {
  storage::v1::NameMark stored;
  const bool parsed = stored.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  const std::optional<Uuid> id = Uuid::FromBytes(stored.stream_id());
  if (!parsed || !id.has_value()) return absl::DataLossError("the entry of a name is damaged");
  return NameMark{{stored.stream_kind(), *id}, stored.ambiguous()};
}

absl::StatusOr<StreamId> DecodeReferrer(std::string_view key) {
  if (key.size() != 1 + 2 * kStreamBytes || key[0] != kReferencePrefix) {
    return absl::DataLossError("the entry of a reference is damaged");
  }
  const std::string_view from = key.substr(1 + kStreamBytes);
  return StreamId{ReadBigEndian<uint32_t>(from), *Uuid::FromBytes(from.substr(4))};
}

}  // namespace caseledger::eventstore
