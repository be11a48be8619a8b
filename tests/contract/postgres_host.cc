#include "tests/contract/postgres_host.h"

#include <cstdio>
#include <cstdlib>
#include <utility>
#include <vector>

#include "eventstore/base/random.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/engine/postgres/postgres_engine.h"
#include "eventstore/postgres/schema.h"

namespace caseledger::testing {
namespace {

// Making a database and dropping one take a second each: hosts that are gone leave theirs.
std::vector<std::string>& Unused() {
  static auto& unused = *new std::vector<std::string>;
  return unused;
}

// Not TRUNCATE, which makes and syncs some twenty new files.
constexpr char kEmpty[] =
    "delete from caseledger.ledger; delete from caseledger.ledger_info; "
    "delete from caseledger.log_head; "
    "delete from caseledger.event; delete from caseledger.stream_head; "
    "delete from caseledger.mark; delete from caseledger.tile; "
    "delete from caseledger.signing_state; delete from caseledger.vault; "
    "delete from caseledger.vault_row";

void MustBeOk(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::abort();
}

}  // namespace

PostgresHost::PostgresHost() : cluster_(PostgresCluster::Shared()) {
  if (cluster_ == nullptr) std::abort();
  MustBeOk(TakeDatabase());
  auto opened = OpenAnother();
  MustBeOk(opened.status());
  engine_ = *std::move(opened);
}

PostgresHost::~PostgresHost() {
  engine_.reset();
  const auto emptied = cluster_->Query(database_, kEmpty);
  EXPECT_TRUE(emptied.ok()) << emptied.status();
  if (emptied.ok()) Unused().push_back(database_);
}

absl::Status PostgresHost::TakeDatabase() {
  if (!Unused().empty()) {
    database_ = std::move(Unused().back());
    Unused().pop_back();
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(database_, cluster_->CreateDatabase());
  eventstore::PostgresMigration migration;
  migration.session.dsn = cluster_->Dsn(database_, PostgresCluster::kOwner);
  migration.server_role = PostgresCluster::kServerRole;
  return eventstore::MigratePostgres(migration).status();
}

absl::Status PostgresHost::Reopen() {
  RETURN_IF_ERROR(engine_->Close());
  ASSIGN_OR_RETURN(engine_, OpenAnother());
  return absl::OkStatus();
}

eventstore::PostgresOptions PostgresHost::options() const {
  eventstore::PostgresOptions options;
  options.session.dsn = cluster_->Dsn(database_, PostgresCluster::kServerRole);
  return options;
}

absl::StatusOr<std::unique_ptr<eventstore::Engine>> PostgresHost::OpenAnother() {
  return OpenWith(options());
}

absl::StatusOr<std::unique_ptr<eventstore::Engine>> PostgresHost::OpenWith(
    const eventstore::PostgresOptions& options) {
  return eventstore::OpenPostgresEngine(options, SystemRandom());
}

}  // namespace caseledger::testing
