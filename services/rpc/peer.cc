#include "services/rpc/peer.h"

#include <map>
#include <string_view>
#include <vector>

#include "absl/strings/str_format.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "services/commands/validation.h"
#include "services/rpc/sentences.h"

namespace caseledger::rpc {
namespace {

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
  const std::shared_ptr<const grpc::AuthContext> peer = context.auth_context();
  ASSIGN_OR_RETURN(const access::Credentials credentials,
                   CredentialsOf(peer.get(), context.client_metadata()));
  return authenticator_.Authenticate(credentials);
}

absl::StatusOr<std::string> Callers::ExportOf(const grpc::CallbackServerContext& context) {
  const auto [begin, end] = context.client_metadata().equal_range(kExportKey);
  if (begin == end) return "";
  for (const std::string_view kind : {"csv", "xlsx", "json", "text"}) {
    if (ToView(begin->second) == kind && std::next(begin) == end) return std::string(kind);
  }
  return commands::InvalidRequest(
      {commands::Violation{kExportKey, "must be one of csv, xlsx, json, text"}});
}

absl::StatusOr<Admitted> Callers::Admit(const grpc::CallbackServerContext& context, Use use,
                                        const google::protobuf::Message* request) const {
  ASSIGN_OR_RETURN(access::Call call, CallOf(context));
  if (acceptor_ != nullptr) acceptor_->Belongs(context.peer(), call.agency);
  if (context.deadline() == std::chrono::system_clock::time_point::max()) {
    return absl::InvalidArgumentError(
        "DEADLINE_REQUIRED: set a deadline on the call, or it may wait for ever");
  }
  if (use != Use::kCall && context.client_metadata().count(kExportKey) > 0) {
    return commands::InvalidRequest(
        {commands::Violation{kExportKey, "only answers to questions are exported, not streams"}});
  }
  ASSIGN_OR_RETURN(
      access::AgencyLimits::Place place,
      limits_.Admit(call.agency, use, request == nullptr ? 0 : request->ByteSizeLong()));
  return Admitted{std::move(call), std::move(place)};
}

}  // namespace caseledger::rpc
