// A record's history in a folder of its own, to be checked offline. README.md lists its files.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "caseledger/v1/audit.pb.h"

namespace caseledger::audit {

inline constexpr int kBundleFormatVersion = 2;

// What `bundle.json` says. Nothing in it is trusted; it is what the other files are compared with.
struct BundleFacts {
  std::string ledger;
  options::v1::RecordKind record_kind = options::v1::RECORD_KIND_UNSPECIFIED;
  std::string record_id;  // a UUID
  uint64_t event_count = 0;
};

std::string ToJsonText(const BundleFacts& facts);
// INVALID_ARGUMENT: not such a text, or of a version this program does not know.
absl::StatusOr<BundleFacts> FactsFromJson(const std::string& text);

// Names of the files, relative to the bundle's folder.
inline constexpr char kFactsFile[] = "bundle.json";
inline constexpr char kCheckpointFile[] = "checkpoint";
inline constexpr char kVerifierKeysFile[] = "verifier-keys.txt";
inline constexpr char kHeadProofFile[] = "heads/head-proof.txt";
inline constexpr char kHistoryLinesFile[] = "history.jsonl";
inline constexpr char kHistoryPageFile[] = "history.html";
inline constexpr char kGuaranteeFile[] = "README.txt";
// Without its ending, which is `.record`, `.entry` or `.tlog-proof`.
inline constexpr char kHeadsEvent[] = "heads/event";
std::string EventFile(uint64_t revision);

// Writes the files that carry proof. The readable ones come after (readable.h).
class BundleWriter {
 public:
  // Into `directory`, which must not be there. UNAVAILABLE when it cannot be made.
  static absl::StatusOr<std::unique_ptr<BundleWriter>> Create(const std::string& directory,
                                                              const v1::ExportHeader& header);

  // The next event. UNAVAILABLE when it cannot be written, INVALID_ARGUMENT when the server sends
  // what no bundle can hold.
  absl::Status Add(const v1::ExportedEvent& event);

  uint64_t added() const { return added_; }
  const BundleFacts& facts() const { return facts_; }

 private:
  BundleWriter(std::string directory, BundleFacts facts, std::string checkpoint)
      : directory_(std::move(directory)),
        facts_(std::move(facts)),
        checkpoint_(std::move(checkpoint)) {}

  absl::Status WriteEvent(const std::string& name, const v1::ExportedEvent& event) const;
  absl::Status WriteHeader(const v1::ExportHeader& header) const;

  const std::string directory_;
  const BundleFacts facts_;
  const std::string checkpoint_;
  uint64_t added_ = 0;
};

// A file of the bundle. UNAVAILABLE with its name.
absl::Status WriteFile(const std::string& directory, const std::string& name,
                       const std::string& bytes);
// NOT_FOUND with the name when there is no plain file of it; RESOURCE_EXHAUSTED when it is larger
// than any file of a bundle.
absl::StatusOr<std::string> ReadFile(const std::string& directory, const std::string& name);

}  // namespace caseledger::audit
