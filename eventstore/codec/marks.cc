#include "eventstore/codec/marks.h"

#include <algorithm>
#include <optional>

#include "absl/status/status.h"
#include "caseledger/storage/v1/envelope.pb.h"
#include "eventstore/base/big_endian.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/base/wire.h"

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

// Takes a key apart from its front. After something was missing everything else is, too.
class KeyReader {
 public:
  explicit KeyReader(std::string_view key) : left_(key) {}

  std::string_view Take(size_t bytes) {
    ok_ = ok_ && bytes <= left_.size();
    if (!ok_) return {};
    const std::string_view taken = left_.substr(0, bytes);
    left_.remove_prefix(bytes);
    return taken;
  }
  template <typename T>
  T Number() {
    const std::string_view bytes = Take(sizeof(T));
    return ok_ ? ReadBigEndian<T>(bytes) : T{0};
  }
  std::string_view Text() {
    const std::string_view text = Take(Number<uint16_t>());
    ok_ = ok_ && text.size() <= MarkKeys::kMaxTextBytes;
    return text;
  }
  Uuid Id() { return Uuid::FromBytes(Take(16)).value_or(Uuid{}); }
  StreamId Stream() {
    const auto kind = Number<uint32_t>();
    return {kind, Id()};
  }
  // Nothing was missing and nothing is left.
  bool done() const { return ok_ && left_.empty(); }

 private:
  std::string_view left_;
  bool ok_ = true;
};

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

absl::StatusOr<MarkKeyParts> DecodeMarkKey(std::string_view key) {
  using Kind = MarkKeyParts::Kind;
  KeyReader reader(key);
  const std::string_view prefix = reader.Take(1);
  MarkKeyParts parts;
  if (prefix == std::string_view(&kRequestPrefix, 1)) {
    parts.kind = Kind::kRequest;
    parts.agency = reader.Text();
    parts.request_id = reader.Id();
  } else if (prefix == std::string_view(&kNamePrefix, 1)) {
    parts.kind = Kind::kName;
    parts.record_kind = reader.Number<uint32_t>();
    parts.source = reader.Text();
    parts.value = reader.Text();
  } else if (prefix == std::string_view(&kNameOfAnySourcePrefix, 1)) {
    parts.kind = Kind::kNameOfAnySource;
    parts.record_kind = reader.Number<uint32_t>();
    parts.value = reader.Text();
  } else if (prefix == std::string_view(&kReferencePrefix, 1)) {
    parts.kind = Kind::kReference;
    parts.to = reader.Stream();
    parts.from = reader.Stream();
  } else {
    return absl::DataLossError("the key of a mark is of no known kind");
  }
  if (!reader.done()) return absl::DataLossError("the key of a mark is damaged");
  return parts;
}

// In the order of the fields' numbers, so that the bytes are protobuf's own.
std::string EncodeMark(const RequestMark& mark) {
  std::string bytes;
  WireWriter out(bytes);
  out.Bytes(storage::v1::RequestMark::kDigestFieldNumber, mark.digest.raw());
  out.Number(storage::v1::RequestMark::kFirstPositionFieldNumber, mark.first_position);
  out.Number(storage::v1::RequestMark::kEventCountFieldNumber, mark.event_count);
  return bytes;
}

std::string EncodeMark(const NameMark& mark) {
  std::string bytes;
  WireWriter out(bytes);
  out.Number(storage::v1::NameMark::kStreamKindFieldNumber, mark.stream.kind);
  out.Bytes(storage::v1::NameMark::kStreamIdFieldNumber, mark.stream.id.raw());
  out.Number(storage::v1::NameMark::kAmbiguousFieldNumber, mark.ambiguous ? 1 : 0);
  return bytes;
}

absl::StatusOr<RequestMark> DecodeRequestMark(std::string_view bytes) {
  using Stored = storage::v1::RequestMark;
  std::string_view digest;
  RequestMark mark;
  WireReader reader(bytes);
  while (reader.Next()) {
    if (reader.field() == Stored::kDigestFieldNumber) digest = reader.Bytes();
    if (reader.field() == Stored::kFirstPositionFieldNumber) mark.first_position = reader.Number();
    if (reader.field() == Stored::kEventCountFieldNumber) {
      mark.event_count = static_cast<uint32_t>(reader.Number());
    }
  }
  if (!reader.ok() || digest.size() != mark.digest.bytes.size() || mark.event_count == 0) {
    return absl::DataLossError("the entry of a request id is damaged");
  }
  std::copy(digest.begin(), digest.end(), mark.digest.bytes.begin());
  return mark;
}

absl::StatusOr<NameMark> DecodeNameMark(std::string_view bytes) {
  using Stored = storage::v1::NameMark;
  std::string_view id_bytes;
  NameMark mark;
  WireReader reader(bytes);
  while (reader.Next()) {
    if (reader.field() == Stored::kStreamKindFieldNumber) {
      mark.stream.kind = static_cast<uint32_t>(reader.Number());
    }
    if (reader.field() == Stored::kStreamIdFieldNumber) id_bytes = reader.Bytes();
    if (reader.field() == Stored::kAmbiguousFieldNumber) mark.ambiguous = reader.Number() != 0;
  }
  const std::optional<Uuid> id = Uuid::FromBytes(id_bytes);
  if (!reader.ok() || !id.has_value()) return absl::DataLossError("the entry of a name is damaged");
  mark.stream.id = *id;
  return mark;
}

absl::StatusOr<StreamId> DecodeReferrer(std::string_view key) {
  if (key.size() != 1 + 2 * kStreamBytes || key[0] != kReferencePrefix) {
    return absl::DataLossError("the entry of a reference is damaged");
  }
  const std::string_view from = key.substr(1 + kStreamBytes);
  return StreamId{ReadBigEndian<uint32_t>(from), *Uuid::FromBytes(from.substr(4))};
}

}  // namespace caseledger::eventstore
