// Rows of read models, their keys and page tokens: damaged bytes are refused, good ones come back
// as they were, and keys sort as their parts do.
#include <fuzzer/FuzzedDataProvider.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "projections/case_list/case_list.h"
#include "projections/read_model/keys.h"
#include "projections/read_model/page.h"
#include "projections/read_model/row_codec.h"
#include "projections/referrals/referral_fold.h"
#include "projections/report_facts/rows.h"
#include "projections/shelter_occupancy/placement_fold.h"
#include "tests/fuzz/support/check.h"

namespace caseledger::fuzz {
namespace {

// Flags and small numbers have many spellings, so the second encoding is what must stay.
template <typename Row>
void CheckRow(std::string_view bytes) {
  const absl::StatusOr<Row> row = projections::DecodeRow<Row>(bytes);
  if (!row.ok()) {
    Check(absl::IsDataLoss(row.status()), "a damaged row is data loss");
    return;
  }
  const std::string encoded = projections::EncodeRow(*row);
  Check(encoded.size() == bytes.size(), "a row is read whole");
  const absl::StatusOr<Row> again = projections::DecodeRow<Row>(encoded);
  Check(again.ok() && projections::EncodeRow(*again) == encoded, "a row comes back as it was");
}

// The first byte, which is also the key's, says how long the key is.
void CheckReportRows(std::string_view bytes) {
  namespace rows = projections::report_rows;
  if (bytes.empty()) return;
  const size_t key_bytes = std::min<size_t>(bytes.size(), static_cast<uint8_t>(bytes[0]) % 64u);
  const std::string_view key = bytes.substr(0, key_bytes);
  const std::string_view value = bytes.substr(key_bytes);
  if (const auto row = rows::ReadFactRow(key, value); row.has_value()) {
    Check(rows::FactRowKey(row->key) == key, "the key of a fact is as it was");
    Check(rows::FactRowValue(*row) == value, "the value of a fact is as it was");
  }
  if (const auto row = rows::ReadTimeIndexRow(key, value); row.has_value()) {
    Check(rows::TimeIndexValue(row->to) == value, "the value of an index row is as it was");
  }
}

void CheckPageToken(const std::string& token) {
  const absl::StatusOr<projections::PagePoint> point = projections::ReadPageToken("all", token);
  if (!point.ok()) {
    Check(absl::IsInvalidArgument(point.status()), "a wrong token is the caller's");
    return;
  }
  const auto again = projections::ReadPageToken("all", projections::MakePageToken("all", *point));
  Check(again.ok() && again->as_of_events == point->as_of_events &&
            again->after_key == point->after_key,
        "a token says the same again");
}

struct Parts {
  std::string text;
  uint64_t number = 0;
  Micros time = 0;

  friend auto operator<=>(const Parts&, const Parts&) = default;
};

Parts TakeParts(FuzzedDataProvider& in) {
  Parts parts;
  parts.text = in.ConsumeRandomLengthString(32);
  parts.number = in.ConsumeIntegral<uint64_t>();
  parts.time = in.ConsumeIntegral<Micros>();
  return parts;
}

std::string KeyOf(const Parts& parts) {
  return projections::KeyBuilder('x')
      .Text(parts.text)
      .Number(parts.number)
      .Time(parts.time)
      .TimeDescending(parts.time)
      .Take();
}

void CheckKeys(FuzzedDataProvider& in) {
  const Parts a = TakeParts(in);
  const Parts b = TakeParts(in);
  Check((a < b) == (KeyOf(a) < KeyOf(b)), "keys sort as their parts do");
  const std::string key = KeyOf(a);
  projections::KeyReader reader(key);
  reader.Skip(1);
  Check(reader.Text() == a.text && reader.Number() == a.number && reader.Time() == a.time &&
            reader.TimeDescending() == a.time && reader.Finished(),
        "a key reads as it was made");
}

// Any bytes as a key: read until it does not fit.
void ReadAnyKey(std::string_view bytes) {
  projections::KeyReader reader(bytes);
  while (reader.ok() && !reader.Finished()) {
    reader.Text();
    reader.TimeDescending();
    reader.Id();
  }
  const std::string end = projections::EndOfPrefix(bytes);
  Check(end.empty() || end > bytes, "the end of a prefix is after it");
}

}  // namespace
}  // namespace caseledger::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace caseledger;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  fuzz::CheckRow<projections::CaseRow>(bytes);
  fuzz::CheckRow<projections::ReferralRow>(bytes);
  fuzz::CheckRow<projections::PlacementRow>(bytes);
  fuzz::CheckRow<std::vector<projections::BedsFrom>>(bytes);
  fuzz::CheckRow<std::vector<std::string>>(bytes);
  fuzz::CheckReportRows(bytes);
  fuzz::CheckPageToken(std::string(bytes));
  fuzz::ReadAnyKey(bytes);
  FuzzedDataProvider in(data, size);
  fuzz::CheckKeys(in);
  return 0;
}
