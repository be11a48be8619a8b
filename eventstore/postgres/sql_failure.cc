#include "eventstore/postgres/sql_failure.h"

#include <algorithm>
#include <initializer_list>
#include <string>

#include "eventstore/base/strings.h"

namespace caseledger::eventstore::postgres {
namespace {

using Codes = std::initializer_list<std::string_view>;

bool IsAnyOf(std::string_view sqlstate, Codes codes) {
  return std::find(codes.begin(), codes.end(), sqlstate) != codes.end();
}

bool IsOfClass(std::string_view sqlstate, Codes classes) {
  return sqlstate.size() == 5 && IsAnyOf(sqlstate.substr(0, 2), classes);
}

}  // namespace

SqlFailure FailureOf(std::string_view sqlstate, std::string_view message) {
  // Only libpq's own errors have no code: there was no answer.
  if (sqlstate.empty()) return LostConnection(message);
  const std::string text = StrCat("PostgreSQL: ", message, " (", sqlstate, ")");
  // serialization_failure, deadlock_detected
  if (IsAnyOf(sqlstate, {"40001", "40P01"})) {
    return {FailureKind::kTransient, false, absl::UnavailableError(text)};
  }
  // Connection exceptions, a server that stops or starts or has no room, a transaction that was
  // idle for too long, and read_only_sql_transaction: a standby, where the primary is meant.
  if (IsOfClass(sqlstate, {"08"}) ||
      IsAnyOf(sqlstate, {"57P01", "57P02", "57P03", "57P05", "53300", "25P03", "25006"})) {
    return {FailureKind::kTransient, true, absl::UnavailableError(text)};
  }
  // Timeouts, full disks, input and output errors.
  if (IsOfClass(sqlstate, {"53", "55", "57", "58"})) {
    return {FailureKind::kPermanent, false, absl::UnavailableError(text)};
  }
  // data_corrupted, index_corrupted; and a key that is there already: rows beyond the head.
  if (IsOfClass(sqlstate, {"XX"}) && sqlstate != "XX000") {
    return {FailureKind::kPermanent, false, absl::DataLossError(text)};
  }
  if (sqlstate == "23505") {
    return {FailureKind::kPermanent, false,
            absl::DataLossError(StrCat("rows contradict the ledger's head: ", text))};
  }
  // undefined_table, undefined_column, invalid_schema_name, insufficient_privilege, and logins
  // that are refused.
  if (IsOfClass(sqlstate, {"28", "3D", "3F"}) || IsAnyOf(sqlstate, {"42P01", "42703", "42501"})) {
    return {FailureKind::kPermanent, false, absl::FailedPreconditionError(text)};
  }
  // in_failed_sql_transaction
  return {FailureKind::kPermanent, false, absl::InternalError(text), sqlstate == "25P02"};
}

SqlFailure LostConnection(std::string_view why) {
  return {FailureKind::kTransient, true,
          absl::UnavailableError(StrCat("the connection to PostgreSQL is lost: ", why))};
}

}  // namespace caseledger::eventstore::postgres
