// Whether text is UTF-8 (RFC 3629). Protobuf writes other bytes but then refuses to read them.
#pragma once

#include <string_view>

namespace caseledger::eventstore {

// No overlong forms, no surrogates, nothing above U+10FFFF.
bool IsUtf8(std::string_view text);

}  // namespace caseledger::eventstore
