// What is held about a person as it is handed to them: a page to read, in Vietnamese first.
#pragma once

#include <string>

#include "caseledger/v1/privacy.pb.h"
#include "eventstore/base/clock.h"

namespace caseledger::cli {

// In parts, in this order, so that a long one needs no memory: begin, each event, end.
class PersonPage {
 public:
  // `made_at`: when the copy was asked for.
  static std::string Begin(const std::string& ledger, Micros made_at);
  // A heading goes before the first event of each record.
  std::string Event(const v1::PersonDataEvent& event);
  static std::string End();

 private:
  std::string record_id_;  // of the event before
};

}  // namespace caseledger::cli
