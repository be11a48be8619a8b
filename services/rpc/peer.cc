#include "services/rpc/peer.h"

#include <string>

#include "absl/strings/str_split.h"

namespace caseledger::rpc {
namespace {

constexpr size_t kMaxMetadataBytes = 256;
constexpr char kAnonymous[] = "anonymous";

std::string MetadataValue(const grpc::CallbackServerContext& context, const char* key) {
  const auto& metadata = context.client_metadata();
  const auto it = metadata.find(key);
  if (it == metadata.end() || it->second.size() > kMaxMetadataBytes) return "";
  return {it->second.data(), it->second.size()};
}

}  // namespace

access::Call CallOf(const grpc::CallbackServerContext& context) {
  access::Call call;
  call.actor = MetadataValue(context, "caseledger-actor");
  call.agency = MetadataValue(context, "caseledger-agency");
  call.purpose = MetadataValue(context, "caseledger-purpose");
  call.warrant = MetadataValue(context, "caseledger-warrant");
  call.traceparent = MetadataValue(context, "traceparent");
  call.claimed_roles =
      absl::StrSplit(MetadataValue(context, "caseledger-roles"), ',', absl::SkipEmpty());
  return call;
}

access::Call ReaderOf(const grpc::CallbackServerContext& context) {
  access::Call call = CallOf(context);
  if (call.actor.empty()) call.actor = kAnonymous;
  if (call.agency.empty()) call.agency = kAnonymous;
  return call;
}

}  // namespace caseledger::rpc
