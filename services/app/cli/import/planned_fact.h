// A fact that a row says, ready to be sent.
#pragma once

#include <cstddef>
#include <string>
#include <tuple>

#include "caseledger/event/v1/fact.pb.h"
#include "caseledger/options/v1/options.pb.h"
#include "caseledger/v1/common.pb.h"
#include "eventstore/base/clock.h"
#include "services/app/cli/import/ids.h"
#include "services/app/cli/text/csv.h"

namespace caseledger::cli {

// What goes first among facts of the same time.
enum class Rank {
  kDirectory,
  kPerson,
  kContact,
  kCase,
  kParticipant,
  kConsent,
  kRest,
  kEnding,
  kCaseEnding,  // a case closes after everything else that ended in it
};

struct PlannedFact {
  // Where it comes from.
  std::string file;
  TextPosition at;
  std::string row_key;

  // What it says.
  options::v1::RecordKind record_kind = options::v1::RECORD_KIND_UNSPECIFIED;
  std::string record_id;
  event::v1::Fact fact;
  Micros occurred_at = 0;
  event::v1::TimePrecision precision = event::v1::TIME_PRECISION_SECOND;
  std::string on_behalf_of;
  std::string request_id;

  // Where it stands among others: by time, rank, table, level (parents before children), row, and
  // order within the row.
  Rank rank = Rank::kRest;
  size_t table_index = 0;
  size_t level = 0;
  size_t row_index = 0;
  size_t ordinal = 0;

  auto Order() const {
    return std::tuple(occurred_at, rank, table_index, level, row_index, ordinal);
  }
};

// Name of the fact's field, such as `case_opened`.
std::string FactName(const event::v1::Fact& fact);

// The command that records it.
v1::Command ToCommand(const PlannedFact& planned, const ImportIds& ids);

// The header for a fact that `file` and `row_key` say.
v1::CommandHeader ToHeader(const PlannedFact& planned, const ImportIds& ids);

// Whether both say the same at the same time.
bool SaysTheSame(const PlannedFact& a, const PlannedFact& b);

}  // namespace caseledger::cli
