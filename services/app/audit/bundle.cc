#include "services/app/audit/bundle.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/strings/str_format.h"
#include "eventstore/backup/durable_file.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/base/uuid.h"
#include "eventstore/verifiable/base64.h"
#include "eventstore/verifiable/checkpoint.h"
#include "services/app/audit/part_keys.h"

namespace caseledger::audit {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

// The readable history is the largest file.
constexpr size_t kMostFileBytes = size_t{1} << 30;

absl::StatusOr<Hash256> ToHash(const std::string& bytes) {
  Hash256 hash;
  if (bytes.size() != hash.bytes.size()) {
    return absl::InvalidArgumentError("the server sent a hash that is none");
  }
  std::copy(bytes.begin(), bytes.end(), hash.bytes.begin());
  return hash;
}

}  // namespace

std::string ToJsonText(const BundleFacts& facts) {
  return Json{{"format_version", kBundleFormatVersion},
              {"ledger", facts.ledger},
              {"record_kind", options::v1::RecordKind_Name(facts.record_kind)},
              {"record_id", facts.record_id},
              {"event_count", facts.event_count}}
             .dump(2) +
         "\n";
}

absl::StatusOr<BundleFacts> FactsFromJson(const std::string& text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  const auto wrong = [](std::string_view what) {
    return absl::InvalidArgumentError(StrCat(kFactsFile, ": ", what));
  };
  if (!json.is_object()) return wrong("is not a JSON object");
  const auto text_of = [&json](const char* name) -> std::string {
    const auto found = json.find(name);
    return found != json.end() && found->is_string() ? found->get<std::string>() : "";
  };
  const auto number_of = [&json](const char* name) -> uint64_t {
    const auto found = json.find(name);
    return found != json.end() && found->is_number_unsigned() ? found->get<uint64_t>() : 0;
  };
  const uint64_t version = number_of("format_version");
  if (version != kBundleFormatVersion) {
    return wrong(
        StrCat("has format version ", version, ", this program knows ", kBundleFormatVersion));
  }
  BundleFacts facts;
  facts.ledger = text_of("ledger");
  facts.record_id = text_of("record_id");
  facts.event_count = number_of("event_count");
  const std::optional<Uuid> record_id = Uuid::Parse(facts.record_id);
  if (!options::v1::RecordKind_Parse(text_of("record_kind"), &facts.record_kind) || !record_id ||
      facts.ledger.empty() || facts.event_count == 0) {
    return wrong("does not say which record's history this is");
  }
  facts.record_id = record_id->ToString();  // not in capitals
  // One text for each content: what is left over or written otherwise was not written by us.
  if (ToJsonText(facts) != text) return wrong("was changed after it was written");
  return facts;
}

std::string EventFile(uint64_t revision) { return absl::StrFormat("events/%06d", revision); }

absl::Status WriteFile(const std::string& directory, const std::string& name,
                       const std::string& bytes) {
  std::ofstream out(directory + "/" + name, std::ios::binary);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (out) return absl::OkStatus();
  return absl::UnavailableError(StrCat("cannot write ", directory, "/", name));
}

absl::StatusOr<std::string> ReadFile(const std::string& directory, const std::string& name) {
  // A pipe would never end, and what a link leads to can change after it was checked.
  std::error_code error;
  const fs::file_status status = fs::symlink_status(directory + "/" + name, error);
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    return absl::NotFoundError(StrCat(name, " is no plain file"));
  }
  absl::StatusOr<std::string> bytes =
      eventstore::ReadSmallFile(directory + "/" + name, kMostFileBytes);
  if (absl::IsNotFound(bytes.status())) return absl::NotFoundError(StrCat(name, " is missing"));
  return bytes;
}

absl::StatusOr<std::unique_ptr<BundleWriter>> BundleWriter::Create(const std::string& directory,
                                                                   const v1::ExportHeader& header) {
  BundleFacts facts{header.ledger(), header.record_kind(), header.record_id(),
                    header.event_count()};
  std::error_code error;
  for (const char* folder : {"", "/events", "/heads"}) {
    if (!fs::create_directories(directory + folder, error) || error) {
      return absl::UnavailableError(
          StrCat("cannot make ", directory, folder, ": ", error ? error.message() : "it is there"));
    }
    // Histories are nobody else's business.
    fs::permissions(directory + folder, fs::perms::owner_all, error);
  }
  std::unique_ptr<BundleWriter> writer(
      new BundleWriter(directory, std::move(facts), header.checkpoint()));
  RETURN_IF_ERROR(writer->WriteHeader(header));
  return writer;
}

absl::Status BundleWriter::WriteHeader(const v1::ExportHeader& header) const {
  RETURN_IF_ERROR(WriteFile(directory_, kFactsFile, ToJsonText(facts_)));
  RETURN_IF_ERROR(WriteFile(directory_, kCheckpointFile, checkpoint_));
  std::string keys;
  for (const std::string& key : header.verifier_keys()) keys += key + "\n";
  RETURN_IF_ERROR(WriteFile(directory_, kVerifierKeysFile, keys));
  RETURN_IF_ERROR(WriteEvent(kHeadsEvent, header.heads()));
  std::string proof;
  for (const std::string& hash : header.heads_proof()) {
    RETURN_IF_ERROR(ToHash(hash).status());
    proof += eventstore::ToBase64(hash) + "\n";
  }
  return WriteFile(directory_, kHeadProofFile, proof);
}

absl::Status BundleWriter::Add(const v1::ExportedEvent& event) {
  if (added_ == facts_.event_count) {
    return absl::InvalidArgumentError(
        StrCat("the server sends more than the ", facts_.event_count, " events it announced"));
  }
  return WriteEvent(EventFile(++added_), event);
}

absl::Status BundleWriter::WriteEvent(const std::string& name,
                                      const v1::ExportedEvent& event) const {
  eventstore::ProofFile proof;
  proof.index = event.position();
  for (const std::string& bytes : event.hashes()) {
    ASSIGN_OR_RETURN(const Hash256 hash, ToHash(bytes));
    proof.proof.push_back(hash);
  }
  proof.checkpoint = checkpoint_;
  RETURN_IF_ERROR(WriteFile(directory_, name + ".record", event.record()));
  RETURN_IF_ERROR(WriteFile(directory_, name + ".entry", event.leaf_entry()));
  ASSIGN_OR_RETURN(const std::string keys, PartKeysText(event));
  RETURN_IF_ERROR(WriteFile(directory_, name + ".keys", keys));
  return WriteFile(directory_, name + ".tlog-proof", proof.ToText());
}

}  // namespace caseledger::audit
