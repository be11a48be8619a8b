// What people type into the command line: times, as-of points, ids, phone numbers, any text.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "eventstore/base/uuid.h"
#include "eventstore/codec/utf8.h"
#include "services/app/cli/commands/commands.h"
#include "services/app/cli/text/phone.h"
#include "services/app/cli/text/time_text.h"
#include "services/app/cli/text/utf8.h"
#include "tests/fuzz/support/check.h"

namespace caseledger::fuzz {
namespace {

void CheckTime(std::string_view text) {
  // Years of which every zone's form can be read again.
  constexpr Micros kFirst = -2'208'816'000 * kMicrosPerSecond;  // 1900-01-03
  constexpr Micros kLast = 7'258'032'000 * kMicrosPerSecond;    // 2199-12-30
  const std::optional<cli::ParsedTime> time = cli::ParseTime(text);
  if (!time.has_value()) return;
  Check(cli::FromTimestamp(cli::ToTimestamp(time->micros)) == time->micros,
        "a time survives the protobuf form");
  const std::string local = cli::FormatLocal(time->micros);
  const std::string utc = cli::FormatUtc(time->micros);
  if (time->micros < kFirst || time->micros > kLast) return;
  for (const std::string& form : {local, utc}) {
    const std::optional<cli::ParsedTime> again = cli::ParseTime(form);
    Check(again.has_value() && again->micros == time->micros, "a time reads as it was written");
  }
}

void CheckAsOf(const std::string& text) {
  const auto as_of = cli::ToAsOf(text);
  if (!as_of.ok()) Check(absl::IsInvalidArgument(as_of.status()), "a wrong as-of is the caller's");
}

void CheckUuid(std::string_view text) {
  const std::optional<Uuid> id = Uuid::Parse(text);
  if (!id.has_value()) return;
  Check(Uuid::Parse(id->ToString()) == id, "a UUID reads as it was written");
  Check(Uuid::FromBytes(id->raw()) == id, "a UUID survives its raw form");
}

void CheckText(const std::string& text, size_t columns) {
  const std::optional<size_t> wrong = cli::FirstInvalidUtf8(text);
  Check(wrong.has_value() != eventstore::IsUtf8(text), "both checks of UTF-8 agree");
  Check(!wrong.has_value() || *wrong < text.size(), "the wrong byte is one of the text's");
  Check(cli::CountCharacters(text) <= text.size(), "a character has a byte or more");
  const std::string normal = cli::ToNfc(text);
  Check(cli::ToNfc(normal) == normal, "the normal form of a normal form is itself");
  Check(wrong.has_value() || eventstore::IsUtf8(normal), "the normal form of text is text");
  const std::string fitted = cli::FitToWidth(text, columns);
  Check(cli::DisplayWidth(fitted) <= columns, "what was cut off fits");
  Check(wrong.has_value() || eventstore::IsUtf8(fitted), "text is cut between characters");
  const std::string phone = cli::NormalizePhone(text);
  Check(cli::NormalizePhone(phone) == phone, "a normal number stays as it is");
}

}  // namespace
}  // namespace caseledger::fuzz

// The first byte is a width, the rest a text.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace caseledger;
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  fuzz::CheckTime(text);
  fuzz::CheckAsOf(text);
  fuzz::CheckUuid(text);
  fuzz::CheckText(text, 1 + data[0] % 64);
  return 0;
}
