// Spans of time folded from a stream's facts in order of occurrence, so that late entries and
// corrections come out right.
#pragma once

#include <vector>

#include "google/protobuf/message.h"
#include "projections/report_facts/catalogue.h"
#include "projections/report_facts/facts_as_of.h"

namespace caseledger::projections {

// [begin, end); end is kEndOfTime while it goes on. Of zero length: a point.
struct Span {
  Micros begin = kBeginOfTime;
  Micros end = kEndOfTime;
  int ended_by = 0;  // kind of the fact that ended it; 0: its date did, or nothing
  // The fact whose fields can be named. A participation's is a ParticipantAdded with the role held.
  FactInForce fact;

  // Whether some moment of the span lies in [from, to).
  bool Overlaps(Micros from, Micros to) const {
    if (begin == end) return from <= begin && begin < to;
    return begin < to && end > from;
  }
};

// The spans that `first`, a fact of the kind rule.begun_by in the timeline, stands for: those of
// the whole case, or the one it begins.
std::vector<Span> SpansOf(const SpanRule& rule, const Timeline& timeline, const FactInForce& first);

// The message of the fact's kind. The kind must be set.
const google::protobuf::Message& Body(const event::v1::Fact& fact);

}  // namespace caseledger::projections
