#include "services/rpc/peer.h"

#include <map>
#include <string_view>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "services/rpc/sentences.h"

namespace caseledger::rpc {
namespace {

constexpr char kActorKey[] = "caseledger-actor";
constexpr char kAgencyKey[] = "caseledger-agency";
constexpr char kRolesKey[] = "caseledger-roles";
constexpr size_t kMostClaimChars = 256;
constexpr char kAnonymous[] = "anonymous";

using Metadata = std::multimap<grpc::string_ref, grpc::string_ref>;

std::string_view ToView(const grpc::string_ref& text) { return {text.data(), text.size()}; }

// The one value of a key, or "". Of two nobody could say which one others went by.
absl::StatusOr<std::string_view> OnlyValue(const Metadata& metadata, const char* key) {
  const auto [begin, end] = metadata.equal_range(key);
  if (begin == end) return "";
  if (std::next(begin) != end) {
    return absl::UnauthenticatedError(StrCat("CALLER_UNKNOWN: the call says ", key, " twice"));
  }
  return ToView(begin->second);
}

// Views into what was given.
absl::StatusOr<access::Credentials> CredentialsOf(const grpc::AuthContext* peer,
                                                  const Metadata& metadata) {
  access::Credentials credentials;
  if (peer != nullptr) {
    const std::vector<grpc::string_ref> certificates =
        peer->FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME);
    if (certificates.size() == 1) credentials.certificate_pem = ToView(certificates[0]);
  }
  ASSIGN_OR_RETURN(credentials.authorization, OnlyValue(metadata, "authorization"));
  ASSIGN_OR_RETURN(credentials.purpose, OnlyValue(metadata, kPurposeKey));
  ASSIGN_OR_RETURN(credentials.warrant, OnlyValue(metadata, kWarrantKey));
  ASSIGN_OR_RETURN(credentials.traceparent, OnlyValue(metadata, "traceparent"));
  return credentials;
}

// On plain text without keys of tokens: what the caller says. May say nothing.
absl::StatusOr<access::Call> BelievedCall(const Metadata& metadata) {
  ASSIGN_OR_RETURN(const access::Credentials credentials, CredentialsOf(nullptr, metadata));
  access::Call call;
  ASSIGN_OR_RETURN(call.actor, OnlyValue(metadata, kActorKey));
  ASSIGN_OR_RETURN(call.agency, OnlyValue(metadata, kAgencyKey));
  ASSIGN_OR_RETURN(const std::string_view roles, OnlyValue(metadata, kRolesKey));
  if (call.actor.size() > kMostClaimChars || call.agency.size() > kMostClaimChars ||
      roles.size() > kMostClaimChars) {
    return absl::UnauthenticatedError(
        "CALLER_UNKNOWN: what the call says of its caller is too long");
  }
  call.claimed_roles = absl::StrSplit(ToAbsl(roles), ',', absl::SkipEmpty());
  call.purpose = credentials.purpose;
  call.warrant = credentials.warrant;
  call.traceparent = credentials.traceparent;
  return call;
}

// As grpc-message is written (PROTOCOL-HTTP2.md, "Percent-Encoded"). gRPC 1.51 does that itself for
// every status but those of the door, and clients that keep to the protocol drop what is not.
std::string PercentEncoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    if (c >= ' ' && c <= '~' && c != '%') {
      encoded += c;
    } else {
      absl::StrAppendFormat(&encoded, "%%%02X", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

grpc::Status AtTheDoor(const absl::Status& status) {
  const std::string_view text = FromAbsl(status.message());
  const Sentences sentences = SentencesOfReason(text.substr(0, text.find(':')));
  return {static_cast<grpc::StatusCode>(status.code()),
          PercentEncoded(StrCat(text, " | ", sentences.vi))};
}

class Door final : public grpc::AuthMetadataProcessor {
 public:
  explicit Door(access::Authenticator& authenticator) : authenticator_(authenticator) {}

  bool IsBlocking() const override { return false; }

  grpc::Status Process(const InputMetadata& metadata, grpc::AuthContext* peer, OutputMetadata*,
                       OutputMetadata*) override {
    const auto credentials = CredentialsOf(peer, metadata);
    if (!credentials.ok()) return AtTheDoor(credentials.status());
    const absl::Status status = authenticator_.Authenticate(*credentials).status();
    return status.ok() ? grpc::Status::OK : AtTheDoor(status);
  }

 private:
  access::Authenticator& authenticator_;
};

}  // namespace

std::shared_ptr<grpc::AuthMetadataProcessor> MakeDoor(access::Authenticator& authenticator) {
  return std::make_shared<Door>(authenticator);
}

absl::StatusOr<access::Call> Callers::CallOf(const grpc::CallbackServerContext& context) const {
  const Metadata& metadata = context.client_metadata();
  if (authenticator_ == nullptr) return BelievedCall(metadata);
  const std::shared_ptr<const grpc::AuthContext> peer = context.auth_context();
  ASSIGN_OR_RETURN(const access::Credentials credentials, CredentialsOf(peer.get(), metadata));
  return authenticator_->Authenticate(credentials);
}

absl::StatusOr<Admitted> Callers::AdmitCall(const grpc::CallbackServerContext& context,
                                            access::Call call, Use use,
                                            const google::protobuf::Message* request) const {
  if (acceptor_ != nullptr) acceptor_->Belongs(context.peer(), call.agency);
  if (context.deadline() == std::chrono::system_clock::time_point::max()) {
    return absl::InvalidArgumentError(
        "DEADLINE_REQUIRED: set a deadline on the call, or it may wait for ever");
  }
  ASSIGN_OR_RETURN(
      access::AgencyLimits::Place place,
      limits_.Admit(call.agency, use, request == nullptr ? 0 : request->ByteSizeLong()));
  return Admitted{std::move(call), std::move(place)};
}

absl::StatusOr<Admitted> Callers::Admit(const grpc::CallbackServerContext& context, Use use,
                                        const google::protobuf::Message* request) const {
  ASSIGN_OR_RETURN(access::Call call, CallOf(context));
  return AdmitCall(context, std::move(call), use, request);
}

absl::StatusOr<Admitted> Callers::AdmitReader(const grpc::CallbackServerContext& context, Use use,
                                              const google::protobuf::Message* request) const {
  ASSIGN_OR_RETURN(access::Call call, CallOf(context));
  if (call.actor.empty()) call.actor = kAnonymous;
  if (call.agency.empty()) call.agency = kAnonymous;
  return AdmitCall(context, std::move(call), use, request);
}

}  // namespace caseledger::rpc
