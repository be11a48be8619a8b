// One import from files to a summary.
#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "services/app/cli/client/connection.h"
#include "services/app/cli/import/dataset.h"
#include "services/app/cli/import/issue.h"

namespace caseledger::cli {

// What became of one file.
struct FileCounts {
  size_t rows = 0;              // in the file
  size_t bad_rows = 0;          // left out, those that refer to a bad row included
  size_t recorded = 0;          // events written now
  size_t already_recorded = 0;  // events that an earlier import had written
  size_t refused = 0;           // facts that the server refused, changed rows included
  size_t data_quality = 0;      // reasons for a second look
  size_t later = 0;             // ends that lie in the future: a later import records them
};

struct ImportSummary {
  std::string ledger;
  std::map<std::string, FileCounts> files;     // by file name
  std::map<std::string, size_t> data_quality;  // by reason
  Issues issues;

  // Whether every row went in.
  bool clean() const;
};

struct ImportOptions {
  std::string directory;
  std::string source = "qn-csv";
  std::string on_behalf_of;  // for rows that name no agency
  // Instead of a directory: a list of administrative units (unit_list.h), and their version.
  std::string units_file;
  std::string units_version;
  // Or a list of what units took over from units of other versions (unit_list.h).
  std::string predecessors_file;
};

// Reads the files, sends what they say, then the corrections. A wrong row never stops the others.
// The summary is filled in as far as the import came.
//
// NOT_FOUND, INVALID_ARGUMENT  the files cannot be read
// others                       the server cannot be asked, or stopped answering
absl::Status Import(const Connection& connection, const ImportOptions& options,
                    ImportSummary& summary);

}  // namespace caseledger::cli
