// The rows of the case list's table; only the projection and its query know them.
//
//   'r' ...                    CaseRow, versioned; key: opened_at descending, case id
//   'n' ...                    nothing, versioned; key: CaseFilter, then the key of the 'r' row
//   'o' case id             -> ListedAs of the case's current row
//   'f' ..., 'i' ...           the effective facts of each case (fact_groups.h)
#pragma once

#include <string>
#include <vector>

#include "eventstore/base/clock.h"
#include "eventstore/base/uuid.h"
#include "projections/read_model/keys.h"
#include "projections/read_model/versioned_rows.h"

namespace caseledger::projections::case_list {

inline constexpr VersionedRows kRows('r');
inline constexpr VersionedRows kIndex('n');
inline constexpr char kListedAsSpace = 'o';
inline constexpr char kFactsSpace = 'f';
inline constexpr char kFactIndexSpace = 'i';

// What a case is found by. In a question "" asks for any.
struct CaseFilter {
  std::string agency;
  std::string worker;  // only with the agency that knows them by this name
  std::string phase;
  std::string case_type;

  bool AsksForAll() const {
    return agency.empty() && worker.empty() && phase.empty() && case_type.empty();
  }
  // What the index keys of all cases begin with that fit; which parts are asked for is part of it.
  std::string Prefix() const {
    const auto shape = static_cast<char>((agency.empty() ? 0 : 1) | (worker.empty() ? 0 : 2) |
                                         (phase.empty() ? 0 : 4) | (case_type.empty() ? 0 : 8));
    return KeyBuilder(shape).Text(agency).Text(worker).Text(phase).Text(case_type).Take();
  }

  friend bool operator==(const CaseFilter&, const CaseFilter&) = default;
  template <typename Archive>
  void Fields(Archive& archive) {
    archive(agency, worker, phase, case_type);
  }
};

inline std::string RowKey(Micros opened_at, const Uuid& case_id) {
  return KeyBuilder().TimeDescending(opened_at).Id(case_id).Take();
}

// Where a case's current rows are.
struct ListedAs {
  Micros opened_at = 0;
  CaseFilter by;

  // Of all questions that find the case but the one for all: owner (nobody, agency, worker) by
  // phase by type. A part that the case does not have is asked for by nobody.
  std::vector<std::string> IndexKeys(const Uuid& case_id) const {
    const std::string row_key = RowKey(opened_at, case_id);
    std::vector<std::string> keys;
    for (unsigned parts = 1; parts < 16; ++parts) {
      const bool worker_alone = (parts & 2) != 0 && (parts & 1) == 0;
      const CaseFilter filter{.agency = (parts & 1) != 0 ? by.agency : "",
                              .worker = (parts & 2) != 0 ? by.worker : "",
                              .phase = (parts & 4) != 0 ? by.phase : "",
                              .case_type = (parts & 8) != 0 ? by.case_type : ""};
      const bool lacking =
          ((parts & 1) != 0 && by.agency.empty()) || ((parts & 2) != 0 && by.worker.empty()) ||
          ((parts & 4) != 0 && by.phase.empty()) || ((parts & 8) != 0 && by.case_type.empty());
      if (!worker_alone && !lacking) keys.push_back(filter.Prefix() + row_key);
    }
    return keys;
  }

  friend bool operator==(const ListedAs&, const ListedAs&) = default;
  template <typename Archive>
  void Fields(Archive& archive) {
    archive(opened_at, by);
  }
};

}  // namespace caseledger::projections::case_list
