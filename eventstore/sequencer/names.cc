#include "eventstore/sequencer/names.h"

#include "absl/status/status.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/codec/marks.h"

namespace caseledger::eventstore {
namespace {

absl::StatusOr<std::optional<NameMark>> FindNameMark(std::string_view key, FindMark find) {
  ASSIGN_OR_RETURN(const std::optional<std::string> bytes, find(key));
  if (!bytes.has_value()) return std::nullopt;
  ASSIGN_OR_RETURN(const NameMark mark, DecodeNameMark(*bytes));
  return mark;
}

}  // namespace

absl::StatusOr<std::optional<StreamId>> FindNameInMarks(uint32_t kind, std::string_view source,
                                                        std::string_view value, FindMark find) {
  ASSIGN_OR_RETURN(const std::string key, source.empty() ? MarkKeys::NameOfAnySource(kind, value)
                                                         : MarkKeys::Name(kind, source, value));
  ASSIGN_OR_RETURN(const std::optional<NameMark> mark, FindNameMark(key, find));
  if (!mark.has_value()) return std::nullopt;
  if (mark->ambiguous) {
    return absl::InvalidArgumentError("several records bear this name; say its source");
  }
  return mark->stream;
}

absl::Status TakeName(const NewName& name, FindMark find, NewMarks& marks) {
  if (name.value.empty()) return absl::InvalidArgumentError("a name is empty");
  ASSIGN_OR_RETURN(std::string key, MarkKeys::Name(name.stream.kind, name.source, name.value));
  ASSIGN_OR_RETURN(const std::optional<NameMark> taken, FindNameMark(key, find));
  if (taken.has_value()) {
    if (taken->stream == name.stream) return absl::OkStatus();
    return absl::AlreadyExistsError("EXTERNAL_REF_TAKEN: another record bears this name");
  }
  marks.insert_or_assign(std::move(key), EncodeMark(NameMark{name.stream, false}));

  ASSIGN_OR_RETURN(std::string bare_key, MarkKeys::NameOfAnySource(name.stream.kind, name.value));
  ASSIGN_OR_RETURN(const std::optional<NameMark> bare, FindNameMark(bare_key, find));
  if (!bare.has_value()) {
    marks.insert_or_assign(std::move(bare_key), EncodeMark(NameMark{name.stream, false}));
  } else if (!bare->ambiguous && bare->stream != name.stream) {
    marks.insert_or_assign(std::move(bare_key), EncodeMark(NameMark{bare->stream, true}));
  }
  return absl::OkStatus();
}

}  // namespace caseledger::eventstore
