// Text as it is stored: NFC, otherwise as typed.
#pragma once

#include "google/protobuf/message.h"

namespace caseledger::commands {

// Brings every string of the message and of those inside it to Unicode normal form C (ICU).
void NormalizeText(google::protobuf::Message& message);

}  // namespace caseledger::commands
