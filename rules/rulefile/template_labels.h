// SPDX-License-Identifier: Apache-2.0
// Which labels of its sample a label or annotation text reads.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace outrider {

// x of $labels.x, .Labels.x, $.Labels.x and index $labels "x", in conditions too; not of samples
// that `query` gave. Empty for a text that does not parse.
std::set<std::string> LabelsRead(std::string_view text);

}  // namespace outrider
