// The people of a deployment under test: who they are to the server, and what they may.
//
//   Cast cast(scratch / "pki");
//   cast.identities().Configure(options);              // or cast.ServerFlags() for a process
//   cast.Begin(options.data_dir, "quang-ninh", clock);  // while no server uses the directory
//   cast.Serve(address);
//   Client client(cast);                               // as Who{}, whose roles are granted at once
#pragma once

#include <grpcpp/grpcpp.h>

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "caseledger/v1/directory.grpc.pb.h"
#include "eventstore/base/clock.h"
#include "services/app/storage/storage.h"
#include "tests/support/identities.h"

namespace caseledger::testing {

// Who calls. Without an actor: a program of the agency.
struct Who {
  std::string actor = "nv-07";
  std::string agency = "ctxh-qn";
  // To be granted before the first call, separated by commas. One person has the same at each call.
  std::string roles = "supervisor,case_worker,shelter_manager,data_steward";
  // Stated with each call.
  std::string purpose = {};
  std::string warrant = {};
};

// Grants each role once and registers each agency once, as the ledger's first administrator would.
// Every grant is an event: take a ledger's head after whoever is to call has called, or Admit()
// them.
//
// For one data directory at a time. Thread-safe, but for Begin() and identities().
class Cast {
 public:
  // Makes the identities in a directory of their own.
  explicit Cast(const std::string& directory) : identities_(directory) {}

  Identities& identities() { return identities_; }
  // Flags of a server that knows the cast, and `more`.
  std::vector<std::string> ServerFlags(const std::vector<std::string>& more = {}) const;

  // Puts the first administrator and deploy/access/rules.txt into the ledger, which is made if it
  // is new. What was granted in another ledger of this name is forgotten.
  void Begin(const std::string& data_dir, const std::string& ledger, Clock& clock);
  // The same in the storage, instead of where StorageFor the directory says.
  void BeginIn(const app::StorageChoice& storage, const std::string& data_dir,
               const std::string& ledger, Clock& clock);
  // Where the server listens from now on.
  void Serve(const std::string& address);
  std::string address() const {
    const std::lock_guard lock(mutex_);
    return address_;
  }

  static Who Administrator();
  // Reads whole ledgers.
  static Who Auditor() { return {"tra", "thanh-tra", "auditor", "audit", "QD-12/2026"}; }

  // A connection of its own, showing the agency's certificate.
  std::shared_ptr<grpc::Channel> Connect(const std::string& agency);
  // What a call of theirs says; not who may do what.
  void Introduce(grpc::ClientContext& context, const Who& who);
  // Flags with which the `caseledger` program calls as them.
  std::vector<std::string> ProgramFlags(const Who& who);
  // Grants what is not granted yet, in this ledger or the one whose trail it is; "" is the first
  // that was begun. Does nothing in a ledger that was not begun here.
  void Admit(const std::string& ledger, const Who& who);
  void Register(const std::string& ledger, const std::string& agency);

 private:
  struct Granted {
    std::set<std::string> agencies;
    std::map<std::pair<std::string, std::string>, std::string> roles;  // by agency and actor
  };

  std::pair<const std::string, Granted>* Find(std::string ledger);
  void RegisterOnce(const std::string& ledger, Granted& granted, const std::string& agency);
  void Grant(const std::string& ledger, const Who& who, const std::string& role);
  template <typename Request>
  Request RequestOf(const std::string& ledger, const std::string& agency) const;
  void PrepareAsAdministrator(grpc::ClientContext& context);
  std::shared_ptr<grpc::Channel> ConnectLocked(const std::string& agency);
  void IntroduceLocked(grpc::ClientContext& context, const Who& who);

  mutable std::mutex mutex_;
  Identities identities_;
  std::string address_;
  std::string first_ledger_;
  std::map<std::string, Granted> ledgers_;
  std::unique_ptr<v1::DirectoryService::Stub> directory_;  // as the administrator
};

}  // namespace caseledger::testing
