// Values of a statement in PostgreSQL's binary format, so that nothing is ever spliced into SQL
// text and no byte needs an escape.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "eventstore/base/uuid.h"

namespace caseledger::eventstore::postgres {

// $1, $2 and so on, in the order of the calls. Not thread-safe.
class Parameters {
 public:
  Parameters& Text(std::string_view text) { return Bytes(text); }
  Parameters& Bytes(std::string_view bytes);
  Parameters& Int8(int64_t value);
  // Positions and revisions: below 2^63.
  Parameters& Int8(uint64_t value) { return Int8(static_cast<int64_t>(value)); }
  Parameters& Id(const Uuid& id) { return Bytes(id.raw()); }

  // int8[], uuid[] and bytea[].
  Parameters& Int8s(std::span<const uint64_t> values);
  Parameters& Ids(std::span<const Uuid> ids);
  Parameters& ByteStrings(std::span<const std::string_view> values);

  const std::vector<std::string>& values() const { return values_; }

 private:
  std::vector<std::string> values_;
};

}  // namespace caseledger::eventstore::postgres
