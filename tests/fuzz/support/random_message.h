// Random messages from fuzz input: mostly what a client could mean, by the rules the fields carry;
// now and then something no client would send.
#pragma once

#include <fuzzer/FuzzedDataProvider.h>

#include <map>
#include <string>
#include <vector>

#include "caseledger/options/v1/options.pb.h"
#include "google/protobuf/message.h"

namespace caseledger::fuzz {

// What a message may speak of.
struct Names {
  std::map<options::v1::RecordKind, std::vector<std::string>> records;
  std::vector<std::string> event_ids;
  // Names of anything else: projections, reports, tokens.
  std::vector<std::string> others;

  // One of the kind's records; a UUID that nobody has when there is none.
  std::string Record(FuzzedDataProvider& in, options::v1::RecordKind kind) const;
};

// Fills the message. Exhausted input gives a tame message.
void Randomize(FuzzedDataProvider& in, const Names& names, google::protobuf::Message& message);

}  // namespace caseledger::fuzz
