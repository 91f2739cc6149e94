// SPDX-License-Identifier: Apache-2.0
#include "exporter/cli/empty_values.h"

namespace outrider {

std::vector<std::string> SplitEmptyValues(std::vector<std::string> arguments) {
  if (arguments.size() > 1 && arguments[1] == "run") return arguments;
  std::vector<std::string> split;
  bool flags = true;
  for (std::string& argument : arguments) {
    if (argument == "--") flags = false;
    const bool empty = flags && argument.starts_with("--") && argument.ends_with('=') &&
                       argument.find('=') == argument.size() - 1;
    if (empty) argument.pop_back();
    split.push_back(std::move(argument));
    if (empty) split.emplace_back();
  }
  return split;
}

}  // namespace outrider
