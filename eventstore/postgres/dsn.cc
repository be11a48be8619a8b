#include "eventstore/postgres/dsn.h"

#include <libpq-fe.h>

#include <memory>

namespace caseledger::eventstore {

absl::Status CheckPostgresDsn(const std::string& dsn) {
  char* error = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> parsed(
      PQconninfoParse(dsn.c_str(), &error), PQconninfoFree);
  PQfreemem(error);
  if (parsed != nullptr) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "the connection string of the database is not one of libpq: write words such as "
      "host=db.example.org dbname=caseledger, with values that have spaces in single quotes, or "
      "postgresql://USER@HOST/DATABASE with %25 for %");
}

}  // namespace caseledger::eventstore
