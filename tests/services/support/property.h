// RapidCheck for GoogleTest. It prints its seed; RC_PARAMS="seed=N" repeats a run.
#pragma once

#include "gtest/gtest.h"

// Needs GoogleTest before it.
#include "rapidcheck/gtest.h"
