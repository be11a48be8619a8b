#include "tests/support/identities.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace caseledger::testing {
namespace {

namespace fs = std::filesystem;

void Write(const std::string& path, const std::string& content) {
  std::ofstream file(path, std::ios::binary);
  file << content;
  if (!file.flush()) std::abort();
}

}  // namespace

Identities::Identities(std::string directory)
    : directory_(std::move(directory)), signer_("test-key") {
  fs::create_directories(directory_);
  WriteFile(client_ca_file(), authority_.certificate_pem());
  WriteFile(revoked_file(), authority_.List());
  WriteFile(token_keys_file(), KeySetOf({signer_.PublicKey()}));
  ReplaceServerCertificate();
}

std::vector<std::string> Identities::ServerFlags() const {
  return {"--tls-cert",       server_certificate_file(),
          "--tls-key",        server_key_file(),
          "--client-ca",      client_ca_file(),
          "--revoked",        revoked_file(),
          "--token-keys",     token_keys_file(),
          "--token-issuer",   kTestIssuer,
          "--token-audience", kTestAudience};
}

const TestCertificate& Identities::CertificateOf(const std::string& agency) {
  const auto found = certificates_.find(agency);
  if (found != certificates_.end()) return found->second;
  return certificates_.emplace(agency, authority_.IssueForAgency(agency)).first->second;
}

std::pair<std::string, std::string> Identities::CertificateFilesOf(const std::string& agency) {
  const TestCertificate& certificate = CertificateOf(agency);
  const std::string stem = directory_ + "/" + agency;
  WriteFile(stem + ".crt", certificate.certificate_pem);
  WriteFile(stem + ".key", certificate.key_pem);
  return {stem + ".crt", stem + ".key"};
}

const std::string& Identities::Bearer(const std::string& agency, const std::string& person) {
  const auto found = bearers_.find({agency, person});
  if (found != bearers_.end()) return found->second;
  return bearers_
      .emplace(std::pair(agency, person), "Bearer " + signer_.Sign(GoodClaims(agency, person)))
      .first->second;
}

std::string Identities::TokenFileOf(const std::string& agency, const std::string& person) {
  std::string path = directory_ + "/" + agency + "." + person + ".jwt";
  WriteFile(path, signer_.Sign(GoodClaims(agency, person)) + "\n");
  return path;
}

void Identities::Revoke(const TestCertificate& certificate) {
  authority_.Revoke(certificate);
  WriteFile(revoked_file(), authority_.List());
}

void Identities::ReplaceServerCertificate() {
  CertificateRequest request;
  request.common_name = "server";
  request.names = {"DNS:localhost", "IP:127.0.0.1", "IP:::1"};
  const TestCertificate certificate = authority_.Issue(request);
  const std::string folder = "server-" + std::to_string(++server_certificates_);
  fs::create_directories(directory_ + "/" + folder);
  WriteFile(directory_ + "/" + folder + "/server.crt", certificate.certificate_pem);
  WriteFile(directory_ + "/" + folder + "/server.key", certificate.key_pem);
  fs::create_directory_symlink(folder, directory_ + "/server.new");
  fs::rename(directory_ + "/server.new", directory_ + "/server");
}

void Identities::WriteFile(const std::string& path, const std::string& content) const {
  Write(path + ".new", content);
  fs::permissions(path + ".new", fs::perms::owner_read | fs::perms::owner_write);
  fs::rename(path + ".new", path);
}

}  // namespace caseledger::testing
