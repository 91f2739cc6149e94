// SPDX-License-Identifier: Apache-2.0
// `--flag=` is the flag with an empty value, as in promtool and amtool. CLI11 takes the next
// argument for the value, so that `check rules --lint=$LINTS FILE` would check nothing.
#pragma once

#include <string>
#include <vector>

namespace outrider {

// The arguments of a program, its name first: `--x=` becomes `--x` and an empty argument. Behind
// `--` nothing changes. Nor does it for `run`, where a flag with an empty value counts as not
// given (Alertmanager's `--cluster.listen-address=`).
std::vector<std::string> SplitEmptyValues(std::vector<std::string> arguments);

}  // namespace outrider
