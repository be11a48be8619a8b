#include "tests/integration/monitoring/watched_server.h"

#include <cstdlib>
#include <limits>

#include "caseledger/v1/admin.grpc.pb.h"
#include "tests/integration/operation/raw_call.h"

namespace caseledger::testing {

WatchedServer::WatchedServer() {
  options_.metrics_listen = "127.0.0.1:0";
  options_.backup_dir = directory_ / "backups";
  options_.vault_backup_dir = directory_ / "vault-backups";
}

std::string WatchedServer::Page() const {
  const std::string answer = HttpGet(server_->metrics_port(), "/metrics");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK")) << answer.substr(0, 200);
  const size_t body = answer.find("\r\n\r\n");
  return body == std::string::npos ? "" : answer.substr(body + 4);
}

double WatchedServer::Sample(const std::string& series) const {
  const std::string page = "\n" + Page();
  const size_t found = page.find("\n" + series + " ");
  if (found == std::string::npos) return std::numeric_limits<double>::quiet_NaN();
  return std::strtod(page.c_str() + found + series.size() + 2, nullptr);
}

void WatchedServer::CreateBackup() {
  grpc::ClientContext context;
  client().Prepare(context, Cast::Administrator());
  const auto stub = v1::AdminService::NewStub(client().ChannelOf(Cast::Administrator()));
  const auto stream = stub->CreateBackup(&context, v1::CreateBackupRequest());
  v1::CreateBackupResponse last;
  while (stream->Read(&last)) continue;
  const grpc::Status status = stream->Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
}

void WatchedServer::RebuildCaseList() {
  v1::RebuildProjectionRequest request;
  request.set_name("case-list");
  grpc::ByteBuffer reply;
  const grpc::Status status =
      client().CallRaw("/caseledger.v1.AdminService/RebuildProjection", Client::ToBytes(request),
                       reply, Cast::Administrator());
  EXPECT_TRUE(status.ok()) << status.error_message();
}

void WatchedServer::BeDenied() {
  ExpectRefused(CommandOf("", "contact_received { channel: 'sms' }"),
                grpc::StatusCode::PERMISSION_DENIED, "ACCESS_DENIED", Who{"moi", "ctxh-qn", ""});
}

void WatchedServer::CallAsNobody() {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  context.AddMetadata("authorization", "Bearer nothing");
  v1::ListProjectionsResponse response;
  const grpc::Status status =
      v1::AdminService::NewStub(client().channel())
          ->ListProjections(&context, v1::ListProjectionsRequest(), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED) << status.error_message();
}

}  // namespace caseledger::testing
