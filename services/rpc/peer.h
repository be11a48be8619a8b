// Who stands behind a call: the certificate of its connection, and what it says in its metadata.
#pragma once

#include <grpcpp/grpcpp.h>
#include <grpcpp/security/auth_metadata_processor.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "services/access/call.h"
#include "services/access/identity/authenticator.h"
#include "services/access/limits/agency_limits.h"
#include "services/rpc/connections/acceptor.h"
#include "services/rpc/refuse.h"

namespace caseledger::rpc {

// Metadata of a call, besides `authorization: Bearer TOKEN` and `traceparent`.
inline constexpr char kPurposeKey[] = "caseledger-purpose";
inline constexpr char kWarrantKey[] = "caseledger-warrant";
// `csv`, `xlsx`, `json` or `text`: the answer to a question is taken out of the system as such a
// file. It goes on the trail as a disclosure then.
inline constexpr char kExportKey[] = "caseledger-export";

// The door: every rpc of a server passes it, health, reflection and unknown ones included, before
// its request is read. Who is refused gets the code and `REASON: sentence | câu` as message; gRPC
// lets no details through here. Thread-safe; `authenticator` must outlive it.
std::shared_ptr<grpc::AuthMetadataProcessor> MakeDoor(access::Authenticator& authenticator);

// A call that may go on, until the last copy of its place goes.
struct Admitted {
  access::Call call;
  access::AgencyLimits::Place place;
};

// Thread-safe.
class Callers {
 public:
  using Use = access::AgencyLimits::Use;

  // All must outlive this.
  Callers(access::Authenticator& authenticator, access::AgencyLimits& limits, Refusals& refusals)
      : authenticator_(authenticator), limits_(limits), refusals_(refusals) {}

  // What every call begins with. The errors of CallOf, and
  // INVALID_ARGUMENT    DEADLINE_REQUIRED: the client would wait for ever
  // RESOURCE_EXHAUSTED  see AgencyLimits::Admit
  // `request` may be null when there is none yet.
  absl::StatusOr<Admitted> Admit(const grpc::CallbackServerContext& context, Use use,
                                 const google::protobuf::Message* request) const;

  // The caller, who passed the door: asked again, which costs two look-ups, for gRPC has no way to
  // hand on what the door found. The errors of Authenticator::Authenticate, should the credentials
  // have ended since.
  absl::StatusOr<access::Call> CallOf(const grpc::CallbackServerContext& context) const;

  // What the answer is exported as, or "". INVALID_ARGUMENT when it is none of these: it goes on
  // the trail, where nothing may stand that names somebody.
  static absl::StatusOr<std::string> ExportOf(const grpc::CallbackServerContext& context);

  // Tells the acceptor whose connections are, which is known with their calls. Before the first.
  void TellWhose(Acceptor* acceptor) { acceptor_ = acceptor; }

  access::AgencyLimits& limits() const { return limits_; }
  // How a call ends that was not admitted.
  Refusals& refusals() const { return refusals_; }

  // Whether the caller of a stream may still be served. To be asked again before each page.
  absl::Status Recheck(const grpc::CallbackServerContext& context) const {
    return CallOf(context).status();
  }

 private:
  access::Authenticator& authenticator_;
  access::AgencyLimits& limits_;
  Refusals& refusals_;
  Acceptor* acceptor_ = nullptr;
};

}  // namespace caseledger::rpc
