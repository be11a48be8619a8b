// What a person asks about their data, what is only kept, and the way to an erasure (Law 91/2025).
//
// Invariants
//  1. A request is accepted at most once and answered for good once. A refusal says why. That an
//     erasure was fulfilled is told by PersonErased alone.
//  2. An erasure is decided, then approved by somebody else, then done. At most one is under way;
//     refusing or withdrawing its request gives it up. It covers the records that were merged into
//     the person when it was decided: one that is merged in later asks for a new decision.
//  3. A restriction is lifted at most once.
//  4. What is erased stays so, and takes nothing personal afterwards: only what ends something.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/domain/context.h"
#include "services/domain/event.h"

namespace caseledger::domain {

struct PersonState;

// Kind of the requests that an erasure answers.
inline constexpr char kErasureRequest[] = "erasure";

struct DataRequests {
  struct Request {
    std::string kind;
    std::string representative_person_id;  // who asked for the person; "": nobody
    bool accepted = false;
    bool answered = false;  // for good

    template <typename Archive>
    void Fields(Archive& archive) {
      archive(kind, representative_person_id, accepted, answered);
    }
  };
  std::map<std::string, Request> requests;  // by key

  const Request* Find(const std::string& key) const;

  void Apply(const DomainEvent& event);
  absl::Status Check(const DomainEvent& event) const;

  template <typename Archive>
  void Fields(Archive& archive) {
    archive(requests);
  }

 private:
  absl::Status CheckReceived(const event::v1::DataRequestReceived& received) const;
  absl::Status CheckAnswered(const event::v1::DataRequestAnswered& answered) const;
};

struct Erasure {
  std::string key;           // of the decision under way; "": none
  std::string decided_by;    // actor
  std::string corrected_by;  // who changed the decision last, or ""
  uint64_t decided_revision = 0;
  uint64_t merged_revision = 0;  // of the newest merge into the record
  bool approved = false;
  bool erased = false;
  std::set<std::string> keys_without_request;  // of decisions by a retention rule

  bool IsUnderWay() const { return !key.empty(); }

  void Apply(const DomainEvent& event);
  absl::Status Check(const DomainEvent& event, const DataRequests& requests) const;

  template <typename Archive>
  void Fields(Archive& archive) {
    archive(key, decided_by, corrected_by, decided_revision, merged_revision, approved, erased,
            keys_without_request);
  }

 private:
  void GiveUp();
  absl::Status CheckDecided(const event::v1::ErasureDecided& decided,
                            const DataRequests& requests) const;
  absl::Status CheckApproved(const DomainEvent& event) const;
  absl::Status CheckErased(const event::v1::PersonErased& erased) const;
};

struct Restrictions {
  std::map<std::string, bool> in_force;  // by key; false once lifted

  bool Any() const;

  void Apply(const DomainEvent& event);
  absl::Status Check(const DomainEvent& event) const;

  template <typename Archive>
  void Fields(Archive& archive) {
    archive(in_force);
  }
};

// Whether the fact may still be added to a person who was erased: it ends something, and holds
// nothing personal. Correcting a fact adds it anew.
bool MayFollowAnErasure(const Fact& fact);

// Whether the fact is a step on the way to an erasure, or the erasure.
bool IsOfErasure(const Fact& fact);

// `fact` is a DataRequestAnswered. Nothing is handed to, or changed for, a representative who is
// not appointed or was excluded: a guardian may be the abuser.
absl::StatusOr<Decided> DecideAnswer(const PersonState& state, const Fact& fact,
                                     const Context& context);

// `fact` is of an erasure. Every step asks anew what stands in the way, of all that is recorded
// whenever it occurred: a hold placed this morning stops what is said to have happened yesterday.
// A PersonErased gets the fingerprints of the keys, and follows for every record that was merged
// into this one.
absl::StatusOr<Decided> DecideErasure(const PersonState& state, const Fact& fact,
                                      const Context& context);

}  // namespace caseledger::domain
