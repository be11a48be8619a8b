// PostgreSQL clusters that tests start by themselves.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// libpq's session.
struct pg_conn;

namespace caseledger::testing {

// A session of a test's own, beside those of what is tested. Not thread-safe.
class SqlSession {
 public:
  explicit SqlSession(const std::string& dsn);
  ~SqlSession();
  SqlSession(const SqlSession&) = delete;
  SqlSession& operator=(const SqlSession&) = delete;

  // The first column of the rows, as text.
  absl::StatusOr<std::vector<std::string>> Query(const std::string& sql);
  // Asks until the only row is `t`. False, with a failure of the test: not within a minute.
  bool Await(const std::string& sql);
  // Sends a statement and not what ends it, as a program that is stopped while it sends. Nothing
  // can be asked here afterwards.
  void StopInTheMiddle();

 private:
  pg_conn* const connection_;
};

// A running cluster in a temporary directory of its own, with fsync on, which listens on a socket
// there and on no network. Stopped by its process id, and removed with all it holds, by the
// destructor; it stops by itself when the test program dies. As root it runs under the user
// `postgres`, since PostgreSQL refuses root.
//
// Not thread-safe, but what connects to it need not care.
class PostgresCluster {
 public:
  static constexpr char kOwner[] = "caseledger_owner";
  static constexpr char kServerRole[] = "caseledger_server";
  static constexpr char kSuperuser[] = "caseledger_super";

  // Makes and starts it, with the roles above. The status says which package is missing.
  static absl::StatusOr<std::unique_ptr<PostgresCluster>> Start();
  // The one that all tests of a program share, stopped when the program ends. Started by the first
  // call; null, with a failure of the test that says why, when that did not work.
  static PostgresCluster* Shared();
  ~PostgresCluster();
  PostgresCluster(const PostgresCluster&) = delete;
  PostgresCluster& operator=(const PostgresCluster&) = delete;

  // A new empty database that kOwner owns; its name.
  absl::StatusOr<std::string> CreateDatabase();
  // Of libpq.
  std::string Dsn(const std::string& database, const std::string& role) const;
  std::string directory() const { return directory_; }

  // As SqlSession, in a session for this alone.
  absl::StatusOr<std::vector<std::string>> Query(const std::string& database,
                                                 const std::string& sql,
                                                 const std::string& role = kSuperuser) const;

 private:
  PostgresCluster() = default;
  absl::Status Make();
  absl::Status StartServer();
  absl::Status AwaitAnswer();
  void Stop();

  std::string directory_;
  pid_t server_ = -1;
  int databases_ = 0;
};

}  // namespace caseledger::testing
