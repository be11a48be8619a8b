#include "tests/integration/access/pki.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <sstream>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/integration/support/child_process.h"

namespace caseledger::testing {
namespace {

std::string Base64Url(const std::string& text) {
  std::string out;
  absl::WebSafeBase64Escape(text, &out);
  return out;
}

std::string SignEd25519(const std::string& key_file, const std::string& text) {
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(key_file.c_str(), "r"),
                                                       &std::fclose);
  EXPECT_NE(file, nullptr) << key_file;
  std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(
      PEM_read_PrivateKey(file.get(), nullptr, nullptr, nullptr), &EVP_PKEY_free);
  std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  std::string signature(64, '\0');
  size_t size = signature.size();
  EXPECT_EQ(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()), 1);
  EXPECT_EQ(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                           reinterpret_cast<const unsigned char*>(text.data()), text.size()),
            1);
  return signature;
}

}  // namespace

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

Pki::Pki(std::string directory, const std::vector<std::string>& agencies)
    : directory_(std::move(directory)) {
  Run("init");
  for (const std::string& agency : agencies) Run("agency", {agency});
}

void Pki::Run(const std::string& action, const std::vector<std::string>& arguments) const {
  std::vector<std::string> words{CASELEDGER_PKI, action, directory_};
  words.insert(words.end(), arguments.begin(), arguments.end());
  const Finished made = RunToEnd(words);
  ASSERT_EQ(made.code, 0) << made.err;
}

std::vector<std::string> Pki::ServerFlags() const {
  std::istringstream lines(RunToEnd({CASELEDGER_PKI, "flags", directory_}).out);
  std::vector<std::string> flags;
  for (std::string line; std::getline(lines, line);) flags.push_back(line);
  return flags;
}

std::shared_ptr<grpc::ChannelCredentials> Pki::Credentials(const std::string& agency) const {
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = ReadFile(directory_ + "/ca.crt");
  options.pem_cert_chain = ReadFile(AgencyFile(agency, "agency.crt"));
  options.pem_private_key = ReadFile(AgencyFile(agency, "agency.key"));
  return grpc::SslCredentials(options);
}

std::shared_ptr<grpc::ChannelCredentials> Pki::WithoutCertificate() const {
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = ReadFile(directory_ + "/ca.crt");
  return grpc::SslCredentials(options);
}

Pki::Claims Pki::GoodClaims(const std::string& agency, const std::string& person) {
  const int64_t now = std::chrono::duration_cast<std::chrono::seconds>(
                          std::chrono::system_clock::now().time_since_epoch())
                          .count();
  return {{{"iss", "caseledger-trial"}, {"aud", "caseledger"}, {"sub", person}, {"agency", agency}},
          {{"iat", now}, {"nbf", now}, {"exp", now + 3600}}};
}

std::string Pki::Token(const Claims& claims, const std::string& algorithm,
                       const std::string& key) const {
  std::string body = "{";
  for (const auto& [name, value] : claims.texts) {
    absl::StrAppend(&body, body.size() > 1 ? "," : "", "\"", name, "\":\"", value, "\"");
  }
  for (const auto& [name, value] : claims.numbers) {
    absl::StrAppend(&body, body.size() > 1 ? "," : "", "\"", name, "\":", value);
  }
  body += "}";
  const std::string text = absl::StrCat(
      Base64Url(absl::StrCat(R"({"alg":")", algorithm, R"(","kid":"trial-1","typ":"JWT"})")), ".",
      Base64Url(body));
  if (algorithm == "none") return text + ".";
  return absl::StrCat(text, ".",
                      Base64Url(SignEd25519(key.empty() ? directory_ + "/token.key" : key, text)));
}

}  // namespace caseledger::testing
