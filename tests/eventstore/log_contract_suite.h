// Contract of EventLog, to be instantiated for every engine:
//
//   #include "tests/eventstore/log_contract_suite.h"
//   INSTANTIATE_TEST_SUITE_P(Memory, LogContract, ::testing::Values(LogEngineParam{...}));
#pragma once

#include "tests/eventstore/append_contract_suite.h"
#include "tests/eventstore/limits_contract_suite.h"
#include "tests/eventstore/names_contract_suite.h"
#include "tests/eventstore/stats_contract_suite.h"
#include "tests/eventstore/subscription_contract_suite.h"
#include "tests/eventstore/tree_contract_suite.h"
