#include "projections/person_search/text/caseless.h"

#include <unicode/normalizer2.h>
#include <unicode/stringpiece.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace caseledger::projections::person_search {

void StopWithoutIcuData() {
  std::fputs("caseledger: the data of ICU is incomplete; install libicu again\n", stderr);
  std::abort();
}

icu::UnicodeString Caseless(std::string_view text) {
  return Caseless(icu::UnicodeString::fromUTF8(
      icu::StringPiece(text.data(), static_cast<int32_t>(text.size()))));
}

icu::UnicodeString Caseless(const icu::UnicodeString& text) {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* fold = icu::Normalizer2::getNFKCCasefoldInstance(error);
  if (U_FAILURE(error)) StopWithoutIcuData();
  icu::UnicodeString folded = fold->normalize(text, error);
  if (U_FAILURE(error)) StopWithoutIcuData();
  return folded;
}

}  // namespace caseledger::projections::person_search
