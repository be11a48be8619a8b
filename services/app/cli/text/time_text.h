// Times as people and files write them. The ledger's zone is Asia/Ho_Chi_Minh: UTC+7 all year.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "eventstore/base/clock.h"
#include "google/protobuf/timestamp.pb.h"

namespace caseledger::cli {

inline constexpr Micros kZoneOffset = Micros{7} * 3600 * kMicrosPerSecond;

// How exactly a text gives a time.
enum class TimeForm { kDate, kInstant };

struct ParsedTime {
  Micros micros = 0;
  TimeForm form = TimeForm::kInstant;
};

// `2024-01-31` (midnight in the ledger's zone) or RFC 3339 with an offset, such as
// `2024-01-31T09:24:39+07:00`; years 1900 to 2199. nullopt for anything else, also for days that
// no calendar has and for times without an offset.
std::optional<ParsedTime> ParseTime(std::string_view text);

// `2024-01-31T09:24:39+07:00`, with fractions only when there are any.
std::string FormatLocal(Micros micros);
// `2024-01-31T02:24:39Z`, with fractions only when there are any.
std::string FormatUtc(Micros micros);

google::protobuf::Timestamp ToTimestamp(Micros micros);
Micros FromTimestamp(const google::protobuf::Timestamp& time);

}  // namespace caseledger::cli
