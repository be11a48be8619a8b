// Names threads, so that `top -H`, perf and debuggers tell them apart.
#pragma once

#include <pthread.h>

namespace caseledger {

// Names the calling thread; at most 15 characters, longer names are refused by the system.
inline void NameThread(const char* name) { pthread_setname_np(pthread_self(), name); }

}  // namespace caseledger
