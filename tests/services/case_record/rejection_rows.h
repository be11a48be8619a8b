// A row of the table of refusals: what is given, what is tried, and the reason it is refused with.
#pragma once

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "tests/services/case_record/case_under_test.h"

namespace caseledger::testing {

using Asker = domain::Caller (*)();

struct Step {
  double hour;
  std::string fact;
  Asker caller = Supervisor;
};

struct Row {
  std::string name;
  std::vector<Step> given;  // beside a case opened at hour 0 with mai and lan
  Step when;
  domain::Reason reason;
  std::string item = "";                              // checked unless empty
  std::function<void(CaseUnderTest&)> but = nullptr;  // how the world differs at `when`
};

inline void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

inline domain::Caller SupervisorOfB() { return {"chi", "B", {"supervisor"}}; }
inline domain::Caller NamesakeAtB() { return {"an", "B", {"supervisor"}}; }

inline const std::string kAddNga =
    "participant_added { person_id: 'nga' role: PARTICIPANT_ROLE_PARENT }";
inline const std::string kOfNga = "person_id: 'nga' ";
inline const Step kTransferAsked = {1, TransferRequested("T1")};
inline const Step kTransferred = {2, TransferAccepted("T1")};

// In precedence order: who may and other records, the case's phase, the rules of the part
// concerned, the people, closing.
std::vector<Row> WhoMay();
std::vector<Row> Phases();
std::vector<Row> PeopleAndVictims();
std::vector<Row> PlansAndTherapy();
std::vector<Row> EmergenciesAndMeasures();
std::vector<Row> ReferralRules();
std::vector<Row> TransfersHoldsAndStays();
std::vector<Row> Closing();

}  // namespace caseledger::testing
