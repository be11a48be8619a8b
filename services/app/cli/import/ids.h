// Ids an import gives: the same rows always get the same ones, so that an import can be repeated.
//
// All are UUIDs of version 5 in the namespace below. The name is made of parts joined by line
// feeds, which no part can hold:
//   record   "record", ledger, source, kind (`contact`, `person`, ...), id in the file
//   request  "request", ledger, source, file, key of the row, name of the fact
//   file     "definition", ledger, definition id, the whole text
#pragma once

#include <string>
#include <string_view>

#include "caseledger/options/v1/options.pb.h"

namespace caseledger::cli {

// Fixed for ever: another value would import everything once more.
inline constexpr std::string_view kImportNamespace = "6f2c1f0e-8f5e-4b0a-9a3e-0b6a2f7d4c11";

class ImportIds {
 public:
  ImportIds(std::string ledger, std::string source)
      : ledger_(std::move(ledger)), source_(std::move(source)) {}

  std::string Record(options::v1::RecordKind kind, std::string_view id) const;
  std::string Request(std::string_view file, std::string_view row_key,
                      std::string_view fact_name) const;

  const std::string& ledger() const { return ledger_; }
  const std::string& source() const { return source_; }

 private:
  std::string ledger_;
  std::string source_;
};

// Request id for loading a definition: loading the same text twice does nothing twice.
std::string DefinitionRequestId(std::string_view ledger, std::string_view definition_id,
                                std::string_view text);

// `contact`, `case_record`, ... for RECORD_KIND_CONTACT, RECORD_KIND_CASE_RECORD, ...
std::string KindName(options::v1::RecordKind kind);

}  // namespace caseledger::cli
