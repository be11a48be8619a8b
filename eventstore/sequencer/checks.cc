#include "eventstore/sequencer/checks.h"

#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"

namespace caseledger::eventstore {
namespace {

bool Holds(const Expected& expected, uint64_t revision) {
  switch (expected.kind) {
    case Expected::Kind::kAny:
      return true;
    case Expected::Kind::kNone:
      return revision == 0;
    case Expected::Kind::kExists:
      return revision > 0;
    case Expected::Kind::kRevision:
      return revision > 0 && revision == expected.revision;
  }
  return false;
}

std::string Describe(const Expected& expected) {
  switch (expected.kind) {
    case Expected::Kind::kAny:
      return "anything";
    case Expected::Kind::kNone:
      return "no stream";
    case Expected::Kind::kExists:
      return "a stream";
    case Expected::Kind::kRevision:
      return absl::StrCat("revision ", expected.revision);
  }
  return "?";
}

}  // namespace

absl::Status CheckExpected(const std::vector<StreamCheck>& checks, LedgerView& view) {
  std::string violations;
  std::string first_revision;
  for (const StreamCheck& check : checks) {
    ASSIGN_OR_RETURN(const StreamHead head, view.Head(check.stream));
    if (Holds(check.expected, head.revision)) continue;
    if (violations.empty()) first_revision = absl::StrCat(head.revision);
    absl::StrAppend(&violations, violations.empty() ? "" : "; ", "stream ", check.stream.kind, "/",
                    check.stream.id.ToString(), " is at revision ", head.revision, ", expected ",
                    Describe(check.expected));
  }
  if (violations.empty()) return absl::OkStatus();
  absl::Status status = absl::AbortedError(violations);
  status.SetPayload(kCurrentRevisionUrl, absl::Cord(first_revision));
  return status;
}

}  // namespace caseledger::eventstore
