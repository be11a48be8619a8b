// Between stored microseconds and protobuf timestamps.
#pragma once

#include "eventstore/base/clock.h"
#include "google/protobuf/timestamp.pb.h"

namespace caseledger::commands {

inline google::protobuf::Timestamp ToTimestamp(Micros micros) {
  google::protobuf::Timestamp time;
  Micros seconds = micros / kMicrosPerSecond;
  Micros rest = micros % kMicrosPerSecond;
  if (rest < 0) {
    rest += kMicrosPerSecond;
    --seconds;
  }
  time.set_seconds(seconds);
  time.set_nanos(static_cast<int32_t>(rest * 1000));
  return time;
}

inline Micros FromTimestamp(const google::protobuf::Timestamp& time) {
  return time.seconds() * kMicrosPerSecond + time.nanos() / 1000;
}

}  // namespace caseledger::commands
