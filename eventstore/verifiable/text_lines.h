// Pieces of the texts of checkpoints, proofs and requests to witnesses: each has one spelling.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "eventstore/base/hash.h"

namespace caseledger::eventstore {

// Takes the line at the front, without its newline; nullopt when there is no whole line.
std::optional<std::string_view> TakeLine(std::string_view& rest);

// Digits only, no leading zero but in "0", at most 2^64 - 1.
std::optional<uint64_t> ReadDecimal(std::string_view text);

// Base64 of 32 bytes.
std::optional<Hash256> ReadHash(std::string_view text);

}  // namespace caseledger::eventstore
