// SPDX-License-Identifier: Apache-2.0
// Results of rule tests as JUnit XML, for CI systems: a suite for each file, a case for each test.
#pragma once

#include <span>
#include <string>

#include "rules/trial/rule_test.h"
#include "storage/base/clock.h"

namespace outrider {

// `now`: the suites' timestamp.
std::string JunitXml(std::span<const RuleTestResult> results, Nanos now);

}  // namespace outrider
