// Certificates of agencies and revocation lists: any bytes, real ones with bytes changed, and
// names.
#include <openssl/pem.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "services/access/call.h"
#include "services/access/identity/authorities.h"
#include "services/access/identity/certificate.h"
#include "services/access/identity/keys.h"
#include "tests/fuzz/support/check.h"
#include "tests/support/test_authority.h"

namespace caseledger::fuzz {
namespace {

using access::OpenSslDeleter;

// Made anew for each run; where its parts lie hardly differs.
struct Known {
  testing::TestAuthority authority;
  access::Authorities authorities = *access::Authorities::Parse(authority.certificate_pem());
  testing::TestCertificate issued = authority.IssueForAgency("so-qn");
  access::CertificatePtr certificate = *access::ParseCertificate(issued.certificate_pem);
  access::CertificateId id = access::ReadAgencyCertificate(*certificate)->id;
  std::string list = [this] {
    authority.Revoke(issued);
    return authority.List();
  }();
};
Known& Fixture() {
  static auto& known = *new Known;
  return known;
}

std::string Pem(const char* kind, std::string_view der) {
  const access::BioPtr memory(BIO_new(BIO_s_mem()));
  PEM_write_bio(memory.get(), kind, "", access::Bytes(der), static_cast<long>(der.size()));
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &bytes);
  return {bytes, static_cast<size_t>(size)};
}

// What the PEM text holds.
std::string Der(const std::string& pem) {
  const access::BioPtr reader = access::Reader(pem);
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* bytes = nullptr;
  long size = 0;
  Check(PEM_read_bio(reader.get(), &name, &header, &bytes, &size) == 1, "the text is PEM");
  std::string der(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
  OPENSSL_free(name);
  OPENSSL_free(header);
  OPENSSL_free(bytes);
  return der;
}

// Each three bytes of `changes` say where, and what is written there.
std::string Changed(std::string bytes, std::string_view changes) {
  for (; changes.size() >= 3; changes.remove_prefix(3)) {
    const size_t high = static_cast<unsigned char>(changes[0]);
    const size_t low = static_cast<unsigned char>(changes[1]);
    bytes[(high << 8 | low) % bytes.size()] = changes[2];
  }
  return bytes;
}

void CheckAgency(const std::string& agency) {
  Check(access::IsAgencyKey(agency), "an agency is named by a key");
  Check(agency != access::kServerAgency, "nobody is the server");
}

void CheckCertificate(std::string_view der) {
  const auto certificate = access::ParseCertificate(Pem("CERTIFICATE", der));
  if (!certificate.ok()) return;
  const auto read = access::ReadAgencyCertificate(**certificate);
  if (read.ok()) {
    CheckAgency(read->agency);
    Check(!access::CheckValidity(*read, read->not_after + kMicrosPerSecond).ok(),
          "every certificate ends");
  } else {
    Check(absl::IsUnauthenticated(read.status()), "a bad certificate is not let in");
  }
  const auto parsed = access::Authorities::Parse(Pem("CERTIFICATE", der));
  Check(parsed.ok() || absl::IsInvalidArgument(parsed.status()), "authorities or a clear error");
}

// Nobody can sign for the authority: a list that is taken is the authority's own.
void CheckList(std::string_view der) {
  const auto lists = access::Revocations::Parse(Pem("X509 CRL", der), Fixture().authorities);
  if (lists.ok()) {
    Check(lists->size() == 1 && lists->Contains(Fixture().id), "a list says what was signed");
  } else {
    Check(absl::IsInvalidArgument(lists.status()), "a bad list is refused");
  }
}

// Whatever is changed, nobody becomes another agency under the authority's signature.
void CheckIssued(std::string_view der) {
  const auto certificate = access::ParseCertificate(Pem("CERTIFICATE", der));
  if (!certificate.ok() || !Fixture().authorities.CheckIssued(**certificate).ok()) return;
  const auto read = access::ReadAgencyCertificate(**certificate);
  Check(read.ok() && read->agency == "so-qn" && read->id == Fixture().id,
        "what the authority signed is unchanged");
}

// Names, a line each; the first character says of which type.
struct Name {
  int type;
  std::string text;
};
std::vector<Name> NamesIn(std::string_view text) {
  std::vector<Name> names;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    const int type = line[0] == 'U' ? GEN_URI : line[0] == 'D' ? GEN_DNS : GEN_EMAIL;
    names.push_back({type, std::string(line.substr(1))});
  }
  return names;
}

access::CertificatePtr WithNames(const std::vector<Name>& names) {
  access::CertificatePtr certificate(X509_dup(Fixture().certificate.get()));
  const int at = X509_get_ext_by_NID(certificate.get(), NID_subject_alt_name, -1);
  X509_EXTENSION_free(X509_delete_ext(certificate.get(), at));
  const std::unique_ptr<GENERAL_NAMES, OpenSslDeleter<GENERAL_NAMES_free>> all(GENERAL_NAMES_new());
  for (const Name& name : names) {
    ASN1_IA5STRING* text = ASN1_IA5STRING_new();
    ASN1_STRING_set(text, name.text.data(), static_cast<int>(name.text.size()));
    GENERAL_NAME* general = GENERAL_NAME_new();
    GENERAL_NAME_set0_value(general, name.type, text);
    sk_GENERAL_NAME_push(all.get(), general);
  }
  X509_add1_ext_i2d(certificate.get(), NID_subject_alt_name, all.get(), 0, X509V3_ADD_APPEND);
  return certificate;
}

void CheckNames(std::string_view text) {
  const std::vector<Name> names = NamesIn(text);
  std::vector<std::string> uris;
  for (const Name& name : names) {
    if (name.type == GEN_URI) uris.push_back(name.text);
  }
  std::string agency;
  if (uris.size() == 1 && uris[0].starts_with(access::kAgencyUriPrefix)) {
    agency = uris[0].substr(access::kAgencyUriPrefix.size());
  }
  const bool good = access::IsAgencyKey(agency) && agency != access::kServerAgency;
  const auto read = access::ReadAgencyCertificate(*WithNames(names));
  Check(read.ok() == good, "one URI name with an agency's key is needed, and enough");
  if (good) Check(read->agency == agency, "the agency is what the name says");
}

}  // namespace
}  // namespace caseledger::fuzz

// The first byte chooses: a certificate (DER), a revocation list (DER), changes to a real one of
// each, names.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace caseledger;
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 5) {
    case 0:
      fuzz::CheckCertificate(rest);
      break;
    case 1:
      fuzz::CheckList(rest);
      break;
    case 2:
      fuzz::CheckNames(rest);
      break;
    case 3: {
      const std::string der =
          fuzz::Changed(fuzz::Der(fuzz::Fixture().issued.certificate_pem), rest);
      fuzz::CheckCertificate(der);
      fuzz::CheckIssued(der);
      break;
    }
    default:
      fuzz::CheckList(fuzz::Changed(fuzz::Der(fuzz::Fixture().list), rest));
  }
  return 0;
}
