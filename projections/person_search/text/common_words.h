// Words that so many people bear that they tell nobody apart.
//
// Family names of more than 7 % of the people each (Nguyễn 38, Trần 12, Lê 10, Phạm 7: Lê Trung
// Hoa, Họ và tên người Việt Nam, 2005) and the middle names of most women and of many men, Thị and
// Văn. A closed list, the same everywhere: one drawn from the ledger's own names would change the
// terms of everybody with every name that comes.
#pragma once

#include <cstddef>
#include <vector>

#include "projections/person_search/text/fold.h"

namespace caseledger::projections::person_search {

// As asked for: marks may have been left out, so Vân may be Văn.
bool MayBeCommon(const NameWord& word);
bool AllMayBeCommon(const std::vector<NameWord>& words);

// As stored, the i-th word of a name: Vân is not Văn (van may be), and the last word is the given
// name, which is never common. Whatever is common here may be common as asked for.
bool IsCommon(const std::vector<NameWord>& name, size_t i);

}  // namespace caseledger::projections::person_search
